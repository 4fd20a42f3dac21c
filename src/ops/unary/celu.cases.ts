import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { celu } from "./celu.ts";

const withAlpha =
  (alpha: number) =>
  (x: Node): Node =>
    celu(x, constant(alpha, [], x.dtype));

export const cases: OpCases = {
  op: "celu",
  samples: [
    ...elementwise(withAlpha(1), "F.celu(a)", (s) => away(s, -4, 3)),
    { name: "small alpha", inputs: [away([3, 5], -4, 3)], run: withAlpha(0.375), torch: "F.celu(a, 0.375)" },
    { name: "large alpha", inputs: [away([3, 5], -4, 3)], run: withAlpha(2.5), torch: "F.celu(a, 2.5)" },
    {
      name: "near and far below zero",
      inputs: [values([4], [-1e-6, -1e-3, -20, -200])],
      run: withAlpha(2),
      torch: "F.celu(a, 2)",
    },
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -0, NaN, -Infinity, Infinity]))],
      run: withAlpha(2),
      torch: "F.celu(a, 2)",
    },
  ],
};
