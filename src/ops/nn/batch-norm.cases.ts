import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { fixed, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { batchNormInference, batchNormTraining } from "./batch-norm.ts";

const shapes = [
  [4, 3, 5, 7],
  [5, 3],
  [2, 1, 3],
  [3, 17, 2, 2],
  [2, 5, 1, 1],
] as const;

const eps = 1e-5;

function training(x: Node, weight: Node | null, bias: Node | null): Node[] {
  const { output, statistics } = batchNormTraining(x, weight, bias, eps);
  return [output, statistics.mean, statistics.unbiasedVariance];
}

const others = "[d for d in range(a.dim()) if d != 1]";
const statistics = `a.detach().mean(${others}), a.detach().var(${others})`;

export const cases: readonly OpCases[] = [
  {
    op: "batchNormTraining",
    samples: [
      ...shapes.map((shape) => ({
        name: `[${shape}] with weight and bias`,
        inputs: [uniform(shape), uniform([shape[1]]), uniform([shape[1]])],
        run: training,
        torch: `(F.batch_norm(a, None, None, b, c, True, 0.1, ${eps}), ${statistics})`,
        floor: 16,
      })),
      {
        name: "neither weight nor bias",
        inputs: [uniform([4, 3, 5])],
        run: (x) => training(x, null, null),
        torch: `(F.batch_norm(a, None, None, None, None, True, 0.1, ${eps}), ${statistics})`,
        floor: 16,
      },
      {
        name: "far from zero",
        inputs: [uniform([64, 2, 3], 100, 101), uniform([2]), uniform([2])],
        run: training,
        torch: `(F.batch_norm(a, None, None, b, c, True, 0.1, ${eps}), ${statistics})`,
        floor: 2000,
      },
    ],
    bad: [
      {
        name: "dimensions",
        call: () => training(constant(0, [3], "float32"), null, null),
        error: "ShapeError",
        message: "batchNorm: input has shape [3], expected at least 2 dimensions N, C",
      },
      {
        name: "one value per channel",
        call: () => training(constant(0, [1, 3, 1, 1], "float32"), null, null),
        error: "ShapeError",
        message:
          "batchNorm: needs more than one value per channel in training, got input shape [1, 3, 1, 1]; use a larger " +
          "batch, or model.eval()",
      },
    ],
  },
  {
    op: "batchNormInference",
    samples: [
      ...shapes.map((shape) => ({
        name: `[${shape}]`,
        inputs: [
          uniform(shape),
          fixed(uniform([shape[1]])),
          fixed(uniform([shape[1]], 0.5, 2)),
          uniform([shape[1]]),
          uniform([shape[1]]),
        ],
        run: (x: Node, mean: Node, variance: Node, weight: Node, bias: Node) =>
          batchNormInference(x, mean, variance, weight, bias, eps),
        torch: `F.batch_norm(a, b, c, d, e, False, 0.1, ${eps})`,
        floor: 16,
      })),
      {
        name: "neither weight nor bias",
        inputs: [uniform([1, 3, 2]), fixed(uniform([3])), fixed(uniform([3], 0.5, 2))],
        run: (x, mean, variance) => batchNormInference(x, mean, variance, null, null, eps),
        torch: `F.batch_norm(a, b, c, None, None, False, 0.1, ${eps})`,
      },
    ],
  },
];
