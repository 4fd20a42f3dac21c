import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { elu } from "./elu.ts";

const withAlpha =
  (alpha: number) =>
  (x: Node): Node =>
    elu(x, constant(alpha, [], x.dtype));

export const cases: OpCases = {
  op: "elu",
  samples: [
    ...elementwise(withAlpha(1), "F.elu(a)", (s) => away(s, -4, 3)),
    { name: "alpha", inputs: [away([3, 5], -4, 3)], run: withAlpha(0.375), torch: "F.elu(a, 0.375)" },
    {
      name: "near and far below zero",
      inputs: [values([4], [-1e-6, -1e-3, -20, -200])],
      run: withAlpha(1),
      torch: "F.elu(a)",
    },
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -0, NaN, -Infinity, Infinity]))],
      run: withAlpha(1),
      torch: "F.elu(a)",
    },
  ],
};
