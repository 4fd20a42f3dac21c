import type { Node } from "../graph/node.ts";
import { type BadInput, fixed, type OpCases, type Sample, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from "./batch-norm.ts";
import { buffersAs, type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";

const kinds = {
  BatchNorm1d: {
    make: (c: number, o?: BatchNormLayerOptions) => new BatchNorm1d(c, o),
    shapes: [
      [5, 3],
      [2, 1, 3],
      [4, 17, 2],
      [7, 1],
    ],
  },
  BatchNorm2d: {
    make: (c: number, o?: BatchNormLayerOptions) => new BatchNorm2d(c, o),
    shapes: [
      [4, 3, 5, 7],
      [1, 1, 3, 2],
      [3, 17, 2, 2],
      [2, 5, 1, 1],
    ],
  },
} as const;

type Name = keyof typeof kinds;

function configurations(name: Name): ModuleSample[] {
  const { make, shapes } = kinds[name];
  const [first] = shapes;
  const channels = first[1];
  const sample = (
    text: string,
    options: BatchNormLayerOptions,
    torch: string,
    mode: "train" | "eval",
  ): ModuleSample => ({
    name: text,
    make: () => make(channels, options),
    torch: `nn.${name}(${channels}${torch})`,
    inputs: [uniform(first)],
    mode,
    floor: 16,
  });
  return [
    ...shapes.flatMap((shape) =>
      (["train", "eval"] as const).map((mode) => ({
        name: `[${shape}] ${mode}`,
        make: () => make(shape[1]),
        torch: `nn.${name}(${shape[1]})`,
        inputs: [uniform(shape)],
        mode,
        floor: 16,
      })),
    ),
    sample("eps", { eps: 0.5 }, ", eps=0.5", "train"),
    sample("without weight and bias", { affine: false }, ", affine=False", "train"),
    sample("no statistics", { trackRunningStats: false }, ", track_running_stats=False", "train"),
    sample("no statistics eval", { trackRunningStats: false }, ", track_running_stats=False", "eval"),
  ];
}

/** Two batches in training, then one in evaluation: its result, and what became of the statistics. */
function statistics(name: Name, momentum: number | null): Sample {
  const { make, shapes } = kinds[name];
  const [shape] = shapes;
  return {
    name: `statistics with momentum ${momentum}`,
    // Statistics carry no gradient, but differences would see through them.
    inputs: [fixed(uniform(shape)), fixed(uniform(shape)), uniform(shape)],
    run: (...batches: Node[]) => {
      const [a, b, c] = batches.map((n) => new Tensor(n)) as [Tensor, Tensor, Tensor];
      const layer = buffersAs(a.dtype, make(shape[1], { momentum, affine: false }));
      const results = [layer(a), layer(b), layer.eval()(c)];
      const buffers = [layer.runningMean, layer.runningVar, layer.numBatchesTracked] as Tensor[];
      return [...results, ...buffers].map((t) => t.node);
    },
    torch:
      "(lambda m: (m(a), m(b), m.eval()(c), m.running_mean, m.running_var, m.num_batches_tracked.int()))" +
      `(nn.${name}(${shape[1]}, affine=False, momentum=${momentum ?? "None"}))`,
    floor: 16,
  };
}

function refused(name: Name): BadInput[] {
  const { make } = kinds[name];
  const shape = name === "BatchNorm1d" ? [4, 2] : [4, 2, 3, 3];
  const layout = name === "BatchNorm1d" ? "N, C or N, C, L" : "N, C, H, W";
  return [
    {
      name: "number of features",
      call: () => make(-1),
      error: "ArgumentError",
      message: `${name}: numFeatures must be an integer of 1 or more; got -1`,
    },
    {
      name: "momentum",
      call: () => make(3, { momentum: 2 }),
      error: "ArgumentError",
      message: `${name}: momentum must be from 0 to 1; got 2`,
    },
    {
      name: "eps",
      call: () => make(3, { eps: -1e-5 }),
      error: "ArgumentError",
      message: `${name}: eps must be 0 or more; got -0.00001`,
    },
    {
      name: "a name that there is not",
      call: () => make(3, { decay: 0.9 } as BatchNormLayerOptions),
      error: "ArgumentError",
      message: `${name}: there is no option "decay"; there are { eps, momentum, affine, trackRunningStats }`,
    },
    {
      name: "channels",
      call: () => make(3)(zeros(shape)),
      error: "ShapeError",
      message:
        `${name}(3): input has 2 channels, expected 3 (input shape [${shape.join(", ")}] is N, C, ...; weight has ` +
        "shape [3])",
    },
    {
      name: "dimensions",
      call: () => make(3)(zeros([3])),
      error: "ShapeError",
      message: `${name}(3): input has 1 dimensions (shape [3]), expected ${layout}`,
    },
    {
      name: "integers",
      call: () => make(2)(zeros(shape, { dtype: "int32" })),
      error: "DTypeError",
      message: `${name}(2): needs a float tensor, got int32; convert with .to("float32")`,
    },
  ];
}

export const cases: readonly OpCases[] = (["BatchNorm1d", "BatchNorm2d"] as const).map((name) => {
  const { op, samples, bad } = moduleCases(name, configurations(name), refused(name));
  const more = [0.1, 0.75, null].map((momentum) => statistics(name, momentum));
  return { op, samples: [...samples, ...more], bad: bad ?? [] };
});
