import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { gelu } from "./gelu.ts";

export const cases: OpCases = {
  op: "gelu",
  samples: elementwise(gelu, "F.gelu(a)", (s) => uniform(s, -3, 3)),
};
