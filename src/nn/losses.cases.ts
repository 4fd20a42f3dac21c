import {
  away,
  type BadInput,
  type CaseInput,
  fixed,
  type OpCases,
  type Sample,
  uniform,
  values,
} from "../ops/op-cases.test-helper.ts";
import { ones, tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Reduction } from "./functional/reduction.ts";
import {
  bad,
  classes,
  classWeights,
  logProbabilities,
  probabilities,
  reductions,
  sample,
} from "./loss-cases.test-helper.ts";
import { BCELoss, BCEWithLogitsLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss } from "./losses.ts";

/** `mseLoss` for `MSELoss`, `smoothL1Loss` for `SmoothL1Loss`. */
const functionOf = (op: string): string =>
  op.replace(/^[A-Z]+(?=[A-Z\d])|^[A-Z]/, (start) => start.toLowerCase());

/** Losses of two tensors of one shape without weights. `away` keeps the difference from where the loss bends. */
function paired(
  op: string,
  make: (reduction: Reduction) => (x: Tensor, y: Tensor) => Tensor,
  torch: (reduction: Reduction) => string,
  bends: number,
  more: readonly Sample[],
  wrong: readonly BadInput[],
): OpCases {
  const grid = (shape: readonly number[]): CaseInput => ({
    ...uniform(shape),
    // Multiples of the distance between bends.
    element: (random) => Math.floor(8 * random() - 4) * bends,
  });
  return {
    op,
    samples: [
      ...reductions.map((reduction) =>
        sample(
          reduction,
          [away([3, 5], -3, 3, bends, 0.1 * bends), grid([3, 5])],
          (x, y) => make(reduction)(x, y),
          `nn.${op}(${torch(reduction)})(a, b)`,
        ),
      ),
      sample(
        "one number",
        [away([], -3, 3, bends, 0.1 * bends), grid([])],
        (x, y) => make("mean")(x, y),
        `nn.${op}(${torch("mean")})(a, b)`,
      ),
      ...more,
    ],
    bad: [
      bad(
        "shapes",
        () => make("mean")(zeros([4, 1]), zeros([4])),
        `${functionOf(op)}: input [4, 1] and target [4] must have the same shape; use reshape, squeeze or expand on one of them`,
        "ShapeError",
      ),
      bad(
        "reduction",
        () => make("all" as Reduction),
        `${op}: reduction must be one of "mean", "sum", "none"; got "all"`,
      ),
      ...wrong,
    ],
  };
}

const python = (reduction: Reduction): string => `reduction="${reduction}"`;

const mse = paired(
  "MSELoss",
  (reduction) => new MSELoss({ reduction }),
  python,
  1,
  [],
  [
    bad(
      "type",
      () => new MSELoss()(zeros([2]), classes(0, 1)),
      'mseLoss: input is float32, target int32; convert with .to("float32")',
      "DTypeError",
    ),
    bad(
      "reduction as a bare value",
      () => new MSELoss("sum" as unknown as object),
      'MSELoss: options are given as an object, { reduction }; got "sum"',
    ),
    bad(
      "target that is no tensor",
      () => new MSELoss()(zeros([2]), [0, 1] as unknown as Tensor),
      "mseLoss: target must be a tensor, got Array; make one with tensor(...)",
    ),
  ],
);

const l1 = paired(
  "L1Loss",
  (reduction) => new L1Loss({ reduction }),
  python,
  1,
  [
    sample(
      "equal elements have gradient 0",
      [values([4], [1, 2, 3, 4]), values([4], [1, 0, 3, 5])],
      (x, y) => new L1Loss({ reduction: "sum" })(x, y),
      'nn.L1Loss(reduction="sum")(a, b)',
      { kinks: true },
    ),
  ],
  [],
);

const smoothL1 = paired(
  "SmoothL1Loss",
  (reduction) => new SmoothL1Loss({ reduction, beta: 0.5 }),
  (reduction) => `${python(reduction)}, beta=0.5`,
  0.5,
  [
    sample(
      "default",
      [away([7], -3, 3), values([7], [0])],
      (x, y) => new SmoothL1Loss()(x, y),
      "nn.SmoothL1Loss()(a, b)",
    ),
    sample(
      "beta 0",
      [away([7], -3, 3), values([7], [0])],
      (x, y) => new SmoothL1Loss({ beta: 0 })(x, y),
      "nn.SmoothL1Loss(beta=0.0)(a, b)",
    ),
    sample(
      "where it bends, and far out",
      [values([6], [1, -1, 0, 1e30, -1e30, 0.5]), fixed(values([6], [0]))],
      (x, y) => new SmoothL1Loss({ reduction: "none" })(x, y),
      'nn.SmoothL1Loss(reduction="none")(a, b)',
      { kinks: true },
    ),
  ],
  [bad("beta", () => new SmoothL1Loss({ beta: -1 }), "SmoothL1Loss: beta must be 0 or more; got -1")],
);

const huber = paired(
  "HuberLoss",
  (reduction) => new HuberLoss({ reduction, delta: 2 }),
  (reduction) => `${python(reduction)}, delta=2.0`,
  2,
  [
    sample(
      "default",
      [away([7], -3, 3), values([7], [0])],
      (x, y) => new HuberLoss()(x, y),
      "nn.HuberLoss()(a, b)",
    ),
  ],
  [
    bad(
      "delta",
      () => new HuberLoss({ delta: 0 }),
      "HuberLoss: delta must be a finite number above 0; got 0",
    ),
  ],
);

const bce: OpCases = {
  op: "BCELoss",
  samples: [
    ...reductions.flatMap((reduction) => [
      sample(
        reduction,
        [probabilities([3, 5]), probabilities([3, 5])],
        (x, y) => new BCELoss({ reduction })(x, y),
        `nn.BCELoss(reduction="${reduction}")(a, b)`,
      ),
      sample(
        `weights, ${reduction}`,
        [probabilities([2, 3]), fixed(values([2, 3], [0, 1])), classWeights(3)],
        (x, y, weight) => new BCELoss({ weight, reduction })(x, y),
        `nn.BCELoss(c, reduction="${reduction}")(a, b)`,
      ),
    ]),
    sample(
      "certain, right and wrong",
      [values([5], [0, 0, 1, 1, 0.5]), fixed(values([5], [0, 1, 0, 1, 1]))],
      (x, y) => new BCELoss({ reduction: "none" })(x, y),
      'nn.BCELoss(reduction="none")(a, b)',
      { kinks: true },
    ),
  ],
  bad: [
    bad(
      "logits",
      () => new BCELoss()(tensor([0.5, 1.5]), zeros([2])),
      "binaryCrossEntropy: input 1.5 at position 1 is not a probability; use binaryCrossEntropyWithLogits for logits",
    ),
    bad(
      "shape of the weight",
      () => new BCELoss({ weight: ones([3]) })(zeros([2]), zeros([2])),
      "binaryCrossEntropy: weight has shape [3], which does not broadcast to the input's [2]",
      "ShapeError",
    ),
    bad(
      "larger weight",
      () => new BCELoss({ weight: ones([3, 2]) })(zeros([2]), zeros([2])),
      "binaryCrossEntropy: weight has shape [3, 2], which does not broadcast to the input's [2]",
      "ShapeError",
    ),
    bad(
      "shapes",
      () => new BCELoss()(zeros([2, 1]), zeros([2])),
      "binaryCrossEntropy: input [2, 1] and target [2] must have the same shape; use reshape, squeeze or expand on one of " +
        "them",
      "ShapeError",
    ),
  ],
};

const bceWithLogits: OpCases = {
  op: "BCEWithLogitsLoss",
  samples: [
    ...reductions.flatMap((reduction) => [
      sample(
        reduction,
        [uniform([3, 5]), probabilities([3, 5])],
        (x, y) => new BCEWithLogitsLoss({ reduction })(x, y),
        `nn.BCEWithLogitsLoss(reduction="${reduction}")(a, b)`,
      ),
      sample(
        `both weights, ${reduction}`,
        [uniform([2, 3]), fixed(values([2, 3], [0, 1])), fixed(uniform([2, 1], 0.5, 2)), classWeights(3)],
        (x, y, weight, posWeight) => new BCEWithLogitsLoss({ weight, posWeight, reduction })(x, y),
        `nn.BCEWithLogitsLoss(c, pos_weight=d, reduction="${reduction}")(a, b)`,
      ),
    ]),
    sample(
      "large logits",
      [uniform([7], -200, 200), fixed(values([7], [0, 1]))],
      (x, y) => new BCEWithLogitsLoss()(x, y),
      "nn.BCEWithLogitsLoss()(a, b)",
    ),
  ],
  bad: [
    bad(
      "shape of the weight",
      () => new BCEWithLogitsLoss({ posWeight: ones([3]) })(zeros([2, 2]), zeros([2, 2])),
      "binaryCrossEntropyWithLogits: posWeight has shape [3], which does not broadcast to the input's [2, 2]",
      "ShapeError",
    ),
    bad(
      "type of the weight",
      () => new BCEWithLogitsLoss({ weight: classes(1, 1) })(zeros([2]), zeros([2])),
      'binaryCrossEntropyWithLogits: weight is int32, input float32; convert with .to("float32")',
      "DTypeError",
    ),
  ],
};

const kl: OpCases = {
  op: "KLDivLoss",
  samples: [
    ...([...reductions, "batchmean"] as const).flatMap((reduction) => [
      sample(
        reduction,
        [logProbabilities([3, 5]), probabilities([3, 5])],
        (x, y) => new KLDivLoss({ reduction })(x, y),
        `nn.KLDivLoss(reduction="${reduction}")(a, b)`,
      ),
      sample(
        `logarithms as target, ${reduction}`,
        [logProbabilities([2, 3, 2]), logProbabilities([2, 3, 2])],
        (x, y) => new KLDivLoss({ reduction, logTarget: true })(x, y),
        `nn.KLDivLoss(reduction="${reduction}", log_target=True)(a, b)`,
      ),
    ]),
    sample(
      "zeros as target",
      [logProbabilities([4]), fixed(values([4], [0, 0.5, 0, 0.5]))],
      (x, y) => new KLDivLoss({ reduction: "sum" })(x, y),
      'nn.KLDivLoss(reduction="sum")(a, b)',
    ),
  ],
  bad: [
    bad(
      "reduction",
      () => new KLDivLoss({ reduction: "batch" as "sum" }),
      'KLDivLoss: reduction must be one of "mean", "batchmean", "sum", "none"; got "batch"',
    ),
    bad(
      "no batch",
      () => new KLDivLoss({ reduction: "batchmean" })(zeros([]), ones([])),
      'klDiv: reduction "batchmean" needs a batch axis, got shape []; use "sum"',
      "ShapeError",
    ),
  ],
};

export const cases: readonly OpCases[] = [mse, l1, smoothL1, huber, bce, bceWithLogits, kl];
