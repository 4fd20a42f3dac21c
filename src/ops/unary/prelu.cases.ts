import { constant } from "../../graph/build.ts";
import { away, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { prelu } from "./prelu.ts";

const plans = [
  [[], [1]],
  [[7], [1]],
  [[3, 5], [1]],
  [[3, 5], [5]],
  [[2, 3, 1, 5], [3]],
  [[2, 17, 3], [17]],
  [[3, 1, 5], [1]],
] as const;

const zeros = (...shape: number[]) => constant(0, shape, "float32");

export const cases: OpCases = {
  op: "prelu",
  samples: plans.map(([shape, weight]) => ({
    name: `[${shape}] [${weight}]`,
    inputs: [away(shape, -2, 2), uniform(weight)],
    run: (x, weight) => prelu(x, weight),
    torch: "F.prelu(a, b)",
  })),
  bad: [
    {
      name: "channels",
      call: () => prelu(zeros(2, 3, 5), zeros(5)),
      error: "ShapeError",
      message:
        "prelu: input of shape [2, 3, 5] has 3 channels, and weight shape [5]; the weight has one element, or one for " +
        "each channel of an input (N, C, *)",
    },
    {
      name: "no channels",
      call: () => prelu(zeros(5), zeros(5)),
      error: "ShapeError",
      message: /^prelu: input of shape \[5\] has no channels, and weight shape \[5\]/,
    },
    {
      name: "a weight of two dimensions",
      call: () => prelu(zeros(2, 3), zeros(1, 3)),
      error: "ShapeError",
      message: /weight shape \[1, 3\]/,
    },
  ],
};
