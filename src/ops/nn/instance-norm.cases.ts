import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { instanceNorm } from "./instance-norm.ts";

const shapes = [
  [2, 3, 5, 7],
  [3, 17, 2, 2],
  [1, 1, 3, 2],
  [5, 2, 3],
  [2, 3, 1, 1031],
] as const;

const eps = 1e-5;
const zeros = (...shape: number[]): Node => constant(0, shape, "float32");

function withStatistics(x: Node, weight: Node | null, bias: Node | null): Node[] {
  const { output, statistics } = instanceNorm(x, weight, bias, eps);
  return [output, statistics.mean, statistics.unbiasedVariance];
}

const statistics = "a.detach().flatten(2).mean([0, 2]), a.detach().flatten(2).var(2).mean(0)";

export const cases: OpCases = {
  op: "instanceNorm",
  samples: [
    ...shapes.map((shape) => ({
      name: `[${shape}] with weight and bias`,
      inputs: [uniform(shape), uniform([shape[1]]), uniform([shape[1]])],
      run: withStatistics,
      torch: `(F.instance_norm(a, None, None, b, c, True, 0.1, ${eps}), ${statistics})`,
      floor: 16,
    })),
    {
      name: "neither weight nor bias",
      inputs: [uniform([2, 3, 4, 5])],
      run: (x) => withStatistics(x, null, null),
      torch: `(F.instance_norm(a, None, None, None, None, True, 0.1, ${eps}), ${statistics})`,
      floor: 16,
    },
  ],
  bad: [
    {
      name: "one value per channel and sample",
      call: () => instanceNorm(zeros(2, 3, 1, 1), null, null, eps),
      error: "ShapeError",
      message:
        "instanceNorm: needs an input N, C, ... with more than one value per channel and sample, got input shape " +
        "[2, 3, 1, 1]",
    },
    {
      name: "no plane",
      call: () => instanceNorm(zeros(2, 3), null, null, eps),
      error: "ShapeError",
      message: /got input shape \[2, 3\]$/,
    },
  ],
};
