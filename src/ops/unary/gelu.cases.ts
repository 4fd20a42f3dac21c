import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { gelu, geluByTanh } from "./gelu.ts";

export const cases: readonly OpCases[] = [
  { op: "gelu", samples: elementwise(gelu, "F.gelu(a)", (s) => uniform(s, -3, 3)) },
  {
    op: "geluByTanh",
    samples: elementwise(geluByTanh, 'F.gelu(a, approximate="tanh")', (s) => uniform(s, -3, 3)),
  },
];
