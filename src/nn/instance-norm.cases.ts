import type { Node } from "../graph/node.ts";
import { fixed, type OpCases, type Sample, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { InstanceNorm2d, type InstanceNormLayerOptions } from "./instance-norm.ts";
import { buffersAs, moduleCases } from "./module-cases.test-helper.ts";

const shapes = [
  [4, 3, 5, 7],
  [1, 1, 3, 2],
  [3, 17, 2, 2],
  [2, 5, 1, 3],
] as const;

const configurations: readonly (readonly [InstanceNormLayerOptions, string])[] = [
  [{}, ""],
  [{ affine: true }, ", affine=True"],
  [{ affine: true, eps: 0.5 }, ", affine=True, eps=0.5"],
  [{ trackRunningStats: true }, ", track_running_stats=True"],
  [{ trackRunningStats: true, affine: true }, ", track_running_stats=True, affine=True"],
];

/** Two batches in training, then one in evaluation: its result, and what became of the statistics. */
function statistics(momentum: number): Sample {
  const shape = shapes[0];
  return {
    name: `statistics with momentum ${momentum}`,
    // Statistics carry no gradient, but differences would see through them.
    inputs: [fixed(uniform(shape)), fixed(uniform(shape)), uniform(shape)],
    run: (...batches: Node[]) => {
      const [a, b, c] = batches.map((n) => new Tensor(n)) as [Tensor, Tensor, Tensor];
      const layer = buffersAs(a.dtype, new InstanceNorm2d(3, { momentum, trackRunningStats: true }));
      const results = [layer(a), layer(b), layer.eval()(c)];
      const buffers = [layer.runningMean, layer.runningVar, layer.numBatchesTracked] as Tensor[];
      return [...results, ...buffers].map((t) => t.node);
    },
    torch:
      "(lambda m: (m(a), m(b), m.eval()(c), m.running_mean, m.running_var, m.num_batches_tracked.int()))" +
      `(nn.InstanceNorm2d(3, momentum=${momentum}, track_running_stats=True))`,
    floor: 16,
  };
}

const { op, samples, bad } = moduleCases(
  "InstanceNorm2d",
  [
    ...shapes.map((shape) => ({
      name: `[${shape}]`,
      make: () => new InstanceNorm2d(shape[1], { affine: true }),
      torch: `nn.InstanceNorm2d(${shape[1]}, affine=True)`,
      inputs: [uniform(shape)],
      floor: 16,
    })),
    ...configurations.flatMap(([options, torch]) =>
      (["train", "eval"] as const).flatMap((mode) =>
        [
          [2, 3, 5, 4],
          [3, 5, 4],
        ].map((shape) => ({
          name: `[${shape}] 3${torch} ${mode}`,
          make: () => new InstanceNorm2d(3, options),
          torch: `nn.InstanceNorm2d(3${torch})`,
          inputs: [uniform(shape)],
          mode,
          floor: 16,
        })),
      ),
    ),
  ],
  [
    {
      name: "number of features",
      call: () => new InstanceNorm2d(0),
      error: "ArgumentError",
      message: "InstanceNorm2d: numFeatures must be an integer of 1 or more; got 0",
    },
    {
      name: "momentum",
      call: () => new InstanceNorm2d(3, { momentum: null } as unknown as InstanceNormLayerOptions),
      error: "ArgumentError",
      message: "InstanceNorm2d: momentum must be from 0 to 1; got null",
    },
    {
      name: "channels",
      call: () => new InstanceNorm2d(3)(zeros([1, 2, 5, 5])),
      error: "ShapeError",
      message: "InstanceNorm2d(3): input has 2 channels, expected 3 (input shape [1, 2, 5, 5] is N, C, H, W)",
    },
    {
      name: "channels of one image",
      call: () => new InstanceNorm2d(3)(zeros([1, 5, 5])),
      error: "ShapeError",
      message: "InstanceNorm2d(3): input has 1 channel, expected 3 (input shape [1, 5, 5] is C, H, W)",
    },
    {
      name: "planes of one element",
      call: () => new InstanceNorm2d(3)(zeros([2, 3, 1, 1])),
      error: "ShapeError",
      message:
        "InstanceNorm2d(3): needs an input N, C, ... with more than one value per channel and sample, got input shape " +
        "[2, 3, 1, 1]",
    },
    {
      name: "dimensions",
      call: () => new InstanceNorm2d(3)(zeros([2, 3])),
      error: "ShapeError",
      message: "InstanceNorm2d(3): input has 2 dimensions (shape [2, 3]), expected N, C, H, W or C, H, W",
    },
  ],
);

export const cases: OpCases = {
  op,
  samples: [...samples, statistics(0.1), statistics(0.75)],
  bad: bad ?? [],
};
