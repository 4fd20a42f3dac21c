import { constant } from "../../graph/build.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { linear } from "./linear.ts";

export const cases: OpCases = {
  op: "linear",
  samples: [
    {
      name: "no bias",
      inputs: [uniform([3, 5]), uniform([7, 5])],
      run: (x, w) => linear(x, w, null),
      torch: "F.linear(a, b)",
    },
    ...[[5], [1, 5], [3, 5], [2, 3, 5], [37, 5]].map((shape) => ({
      name: `[${shape}] with bias`,
      inputs: [uniform(shape), uniform([7, 5]), uniform([7])],
      run: linear,
      torch: "F.linear(a, b, c)",
    })),
  ],
  bad: [
    {
      name: "features",
      call: () => linear(constant(0, [2, 4], "float32"), constant(0, [7, 5], "float32"), null),
      error: "ShapeError",
      message:
        "linear: the input has 4 features in its last dimension, expected 5 (input shape [2, 4], weight [7, 5]); give " +
        "the layer 4 input features, or flatten the input to (N, features) first",
    },
  ],
};
