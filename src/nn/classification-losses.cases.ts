import { type CaseInput, integers, type OpCases, uniform, values } from "../ops/op-cases.test-helper.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  bad,
  classes,
  classWeights,
  logProbabilities,
  probabilities,
  reductions,
  sample,
} from "./loss-cases.test-helper.ts";
import { CrossEntropyLoss, NLLLoss } from "./losses.ts";

const labels = (shape: readonly number[], count: number): CaseInput => integers(shape, 0, count);

const crossEntropy: OpCases = {
  op: "CrossEntropyLoss",
  samples: [
    ...reductions.flatMap((reduction) => [
      sample(
        `classes, ${reduction}`,
        [uniform([5, 7]), labels([5], 7)],
        (x, y) => new CrossEntropyLoss({ reduction })(x, y),
        `nn.CrossEntropyLoss(reduction="${reduction}")(a, b.long())`,
      ),
      sample(
        `planes with weights, smoothing and an ignored class, ${reduction}`,
        [uniform([2, 3, 5, 2]), labels([2, 5, 2], 3), classWeights(3)],
        (x, y, weight) =>
          new CrossEntropyLoss({ weight, ignoreIndex: 1, labelSmoothing: 0.2, reduction })(x, y),
        `nn.CrossEntropyLoss(c, ignore_index=1, label_smoothing=0.2, reduction="${reduction}")(a, b.long())`,
      ),
      sample(
        `probabilities with weights and smoothing, ${reduction}`,
        [uniform([3, 5]), probabilities([3, 5]), classWeights(5)],
        (x, y, weight) => new CrossEntropyLoss({ weight, labelSmoothing: 0.1, reduction })(x, y),
        `nn.CrossEntropyLoss(c, label_smoothing=0.1, reduction="${reduction}")(a, b)`,
      ),
    ]),
    sample(
      "weights",
      [uniform([5, 3]), labels([5], 3), classWeights(3)],
      (x, y, weight) => new CrossEntropyLoss({ weight })(x, y),
      "nn.CrossEntropyLoss(c)(a, b.long())",
    ),
    sample(
      "an ignored class outside of the others",
      [uniform([4, 3, 2]), values([4, 2], [0, -1, 2, 1, -1], "int32")],
      (x, y) => new CrossEntropyLoss({ ignoreIndex: -1 })(x, y),
      "nn.CrossEntropyLoss(ignore_index=-1)(a, b.long())",
    ),
    sample(
      "smoothing",
      [uniform([3, 4]), labels([3], 4)],
      (x, y) => new CrossEntropyLoss({ labelSmoothing: 0.1 })(x, y),
      "nn.CrossEntropyLoss(label_smoothing=0.1)(a, b.long())",
    ),
    sample(
      "one sample",
      [uniform([7]), labels([], 7)],
      (x, y) => new CrossEntropyLoss()(x, y),
      "nn.CrossEntropyLoss()(a, b.long())",
    ),
    sample(
      "probabilities of planes",
      [uniform([2, 3, 4]), probabilities([2, 3, 4])],
      (x, y) => new CrossEntropyLoss()(x, y),
      "nn.CrossEntropyLoss()(a, b)",
    ),
    sample(
      "large logits",
      [uniform([5, 3], -200, 200), labels([5], 3)],
      (x, y) => new CrossEntropyLoss()(x, y),
      "nn.CrossEntropyLoss()(a, b.long())",
    ),
  ],
  bad: [
    bad(
      "class",
      () => new CrossEntropyLoss()(zeros([2, 10]), classes(1, 12)),
      "crossEntropy: target 12 at position 1 is out of range for 10 classes (use 0 to 9, or set ignoreIndex)",
    ),
    bad(
      "shapes",
      () => new CrossEntropyLoss()(zeros([2, 10]), classes(1, 2, 3)),
      "crossEntropy: input [2, 10] and target [3] do not fit: the input is (N, C) or (N, C, d1, ...), the target of class " +
        "indices (N) or (N, d1, ...)",
      "ShapeError",
    ),
    bad(
      "weight",
      () => new CrossEntropyLoss({ weight: ones([3]) })(zeros([2, 10]), classes(1, 2)),
      "crossEntropy: weight has shape [3], expected [10]: one for each class",
      "ShapeError",
    ),
    bad(
      "type of the weight",
      () => new CrossEntropyLoss({ weight: ones([2], { dtype: "int32" }) })(zeros([1, 2]), classes(1)),
      'crossEntropy: weight is int32, input float32; convert the weight with .to("float32")',
      "DTypeError",
    ),
    bad(
      "type of the input",
      () => new CrossEntropyLoss()(zeros([2, 2], { dtype: "int32" }), classes(0, 1)),
      'crossEntropy: needs a float tensor, got int32; convert with .to("float32")',
      "DTypeError",
    ),
    bad(
      "smoothing",
      () => new CrossEntropyLoss({ labelSmoothing: 2 }),
      "CrossEntropyLoss: labelSmoothing must be from 0 to 1; got 2",
    ),
    bad(
      "reduction",
      () => new CrossEntropyLoss({ reduction: "max" as "sum" }),
      'CrossEntropyLoss: reduction must be one of "mean", "sum", "none"; got "max"',
    ),
    bad(
      "ignored class",
      () => new CrossEntropyLoss({ ignoreIndex: 0.5 }),
      "CrossEntropyLoss: ignoreIndex must be an integer; got 0.5",
    ),
    bad(
      "weight that is no tensor",
      () => new CrossEntropyLoss({ weight: [1, 2] as unknown as Tensor }),
      "CrossEntropyLoss: weight must be a tensor, got Array; make one with tensor(...)",
    ),
  ],
};

const nll: OpCases = {
  op: "NLLLoss",
  samples: [
    ...reductions.flatMap((reduction) => [
      sample(
        `classes, ${reduction}`,
        [logProbabilities([5, 7]), labels([5], 7)],
        (x, y) => new NLLLoss({ reduction })(x, y),
        `nn.NLLLoss(reduction="${reduction}")(a, b.long())`,
      ),
      sample(
        `planes with weights and an ignored class, ${reduction}`,
        [logProbabilities([2, 3, 5]), labels([2, 5], 3), classWeights(3)],
        (x, y, weight) => new NLLLoss({ weight, ignoreIndex: 2, reduction })(x, y),
        `nn.NLLLoss(c, ignore_index=2, reduction="${reduction}")(a, b.long())`,
      ),
    ]),
    sample(
      "one sample",
      [logProbabilities([3]), labels([], 3)],
      (x, y) => new NLLLoss()(x, y),
      "nn.NLLLoss()(a, b.long())",
    ),
  ],
  bad: [
    bad(
      "float target",
      () => new NLLLoss()(zeros([2, 3]), zeros([2])),
      'nllLoss: target is float32, expected class indices; convert with .to("int32")',
      "DTypeError",
    ),
    bad(
      "class",
      () => new NLLLoss()(zeros([1, 3]), classes(-1)),
      "nllLoss: target -1 at position 0 is out of range for 3 classes (use 0 to 2, or set ignoreIndex)",
    ),
    bad(
      "no such option",
      () => new NLLLoss({ labelSmoothing: 0.1 } as object),
      'NLLLoss: there is no option "labelSmoothing"; there are { weight, ignoreIndex, reduction }',
    ),
  ],
};

export const cases: readonly OpCases[] = [crossEntropy, nll];
