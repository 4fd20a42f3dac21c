/**
 * Losses as modules. Each is a call of the function of the same name with the options it was made with.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions, checkPositive, checkRange, checkTensor } from "./arguments.ts";
import { type BinaryCrossEntropyOptions, binaryCrossEntropy } from "./functional/binary-cross-entropy.ts";
import {
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropyWithLogits,
} from "./functional/binary-cross-entropy-with-logits.ts";
import {
  type CrossEntropyOptions,
  checkIgnoreIndex,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
} from "./functional/cross-entropy.ts";
import { checkKlDiv, type KlDivOptions, klDiv } from "./functional/kl-div.ts";
import { l1Loss } from "./functional/l1-loss.ts";
import { mseLoss } from "./functional/mse-loss.ts";
import { type LossOptions, type Reduction, reductionOf } from "./functional/reduction.ts";
import {
  checkBeta,
  type HuberOptions,
  huberLoss,
  type SmoothL1Options,
  smoothL1Loss,
} from "./functional/smooth-l1-loss.ts";
import { Module } from "./module.ts";

/** What all losses have. */
abstract class Loss extends Module {
  readonly reduction: Reduction;

  constructor(options: LossOptions, names: readonly string[]) {
    super();
    const owner = this.constructor.name;
    checkOptions(options, [...names, "reduction"], owner, { nullable: ["weight", "posWeight"] });
    this.reduction = reductionOf(options, owner);
  }

  /** Keeps a tensor of an option under PyTorch's key of the state dict. */
  protected keep(name: string, option: string, tensor: Tensor | null | undefined): void {
    if (tensor === null || tensor === undefined) return;
    checkTensor(tensor, option, this.constructor.name);
    this.registerBuffer(name, tensor);
  }

  override extraRepr(): string {
    return `reduction=${this.reduction}`;
  }
}

/**
 * -ln softmax(input)[target], averaged over the targets: the loss of classification. It takes logits; a `Softmax` in
 * front of it would be one too many.
 *
 * With a weight for each class, the mean is divided by the weights of the targets. With label smoothing e, the target is
 * 1 - e + e / C for the class and e / C for all others (Szegedy et al., 2016).
 *
 * Shapes: input (N, C), (N, C, d1, ...) or (C) of logits; target (N), (N, d1, ...) or () of class indices from 0 to
 * C - 1 (int32), or probabilities in the shape of the input -> (), or the shape of the class indices without reduction.
 * The weight is `weight` in the state dict.
 *
 * @example
 * const loss = new nn.CrossEntropyLoss();
 * loss(tensor([[2, 0, 0], [0, 0, 2]]), tensor([0, 1], { dtype: "int32" })); // 1.2395
 */
export class CrossEntropyLoss extends Loss {
  readonly options: CrossEntropyOptions;

  /**
   * @param options.weight shape (C): weight of each class; 1 by default
   * @param options.ignoreIndex targets of this class count for nothing; -100 by default
   * @param options.labelSmoothing share of the target that is spread evenly over all classes, from 0 to 1; 0 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for a label smoothing outside of 0 to 1 or an unknown reduction.
   */
  constructor(options: CrossEntropyOptions = {}) {
    super(options, ["weight", "ignoreIndex", "labelSmoothing"]);
    checkRange(options.labelSmoothing ?? 0, 0, 1, "labelSmoothing", "CrossEntropyLoss");
    checkIgnoreIndex(options, "CrossEntropyLoss");
    this.keep("weight", "weight", options.weight);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}

/**
 * -input[target], averaged over the targets: the negative log likelihood of classes. With a weight for each class, the
 * mean is divided by the weights of the targets.
 *
 * Shapes: input (N, C), (N, C, d1, ...) or (C) of log-probabilities, as `LogSoftmax` gives them; target (N),
 * (N, d1, ...) or () of class indices from 0 to C - 1 (int32) -> (), or the shape of the target without reduction. The
 * weight is `weight` in the state dict.
 *
 * @example
 * const loss = new nn.NLLLoss();
 * loss(tensor([[0.5, 0.25, 0.25]]).log(), tensor([1], { dtype: "int32" })); // 1.3863
 */
export class NLLLoss extends Loss {
  readonly options: NllLossOptions;

  /**
   * @param options.weight shape (C): weight of each class; 1 by default
   * @param options.ignoreIndex targets of this class count for nothing; -100 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: NllLossOptions = {}) {
    super(options, ["weight", "ignoreIndex"]);
    checkIgnoreIndex(options, "NLLLoss");
    this.keep("weight", "weight", options.weight);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, this.options);
  }
}

/**
 * (input - target) ** 2, averaged over all elements.
 *
 * Shapes: input (*), target (*) -> (), or (*) without reduction.
 *
 * @example
 * new nn.MSELoss()(tensor([1, 5]), tensor([2, 2])); // 5
 */
export class MSELoss extends Loss {
  /**
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: LossOptions = {}) {
    super(options, []);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * |input - target|, averaged over all elements.
 *
 * Shapes: input (*), target (*) -> (), or (*) without reduction.
 *
 * @example
 * new nn.L1Loss()(tensor([1, 5]), tensor([2, 2])); // 2
 */
export class L1Loss extends Loss {
  /**
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: LossOptions = {}) {
    super(options, []);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/**
 * With d = input - target: d ** 2 / (2 beta) where |d| < beta, else |d| - beta / 2, averaged over all elements.
 * (Girshick, 2015.)
 *
 * Shapes: input (*), target (*) -> (), or (*) without reduction.
 *
 * @example
 * new nn.SmoothL1Loss({ reduction: "none" })(tensor([0.5, 3]), tensor([0, 0])); // [0.125, 2.5]
 */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  /**
   * @param options.beta distance up to which the loss is quadratic, 0 or more; 1 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for a negative beta or an unknown reduction.
   */
  constructor(options: SmoothL1Options = {}) {
    super(options, ["beta"]);
    this.beta = checkBeta(options, "SmoothL1Loss");
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { beta: this.beta, reduction: this.reduction });
  }

  override extraRepr(): string {
    return `beta=${this.beta}, ${super.extraRepr()}`;
  }
}

/**
 * With d = input - target: d ** 2 / 2 where |d| < delta, else delta (|d| - delta / 2), averaged over all elements.
 * (Huber, 1964.)
 *
 * Shapes: input (*), target (*) -> (), or (*) without reduction.
 *
 * @example
 * new nn.HuberLoss({ delta: 2, reduction: "none" })(tensor([1, 4]), tensor([0, 0])); // [0.5, 6]
 */
export class HuberLoss extends Loss {
  readonly delta: number;

  /**
   * @param options.delta distance up to which the loss is quadratic, above 0; 1 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError unless delta is above 0, or for an unknown reduction.
   */
  constructor(options: HuberOptions = {}) {
    super(options, ["delta"]);
    this.delta = checkPositive(options.delta ?? 1, "delta", "HuberLoss");
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { delta: this.delta, reduction: this.reduction });
  }

  override extraRepr(): string {
    return `delta=${this.delta}, ${super.extraRepr()}`;
  }
}

/**
 * Binary cross entropy of probabilities, -[y ln x + (1 - y) ln(1 - x)], averaged over all elements; logarithms are at
 * least -100. `BCEWithLogitsLoss` takes logits and is exact near 0 and 1.
 *
 * Shapes: input (*) of probabilities, target (*) with values from 0 to 1 -> (), or (*) without reduction. The weight is
 * `weight` in the state dict.
 *
 * @example
 * new nn.BCELoss()(tensor([0.5, 0.9]), tensor([1, 1])); // 0.3993
 */
export class BCELoss extends Loss {
  readonly options: BinaryCrossEntropyOptions;

  /**
   * @param options.weight what element losses are multiplied by; broadcast. 1 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: BinaryCrossEntropyOptions = {}) {
    super(options, ["weight"]);
    this.keep("weight", "weight", options.weight);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.options);
  }
}

/**
 * Binary cross entropy of logits, -[p y ln s(x) + (1 - y) ln(1 - s(x))] with the logistic function s, averaged over all
 * elements. It takes logits; a `Sigmoid` in front of it would be one too many.
 *
 * Shapes: input (*) of logits, target (*) with values from 0 to 1 -> (), or (*) without reduction. The weights are
 * `weight` and `pos_weight` in the state dict.
 *
 * @example
 * new nn.BCEWithLogitsLoss()(tensor([0, 2]), tensor([1, 1])); // 0.41
 */
export class BCEWithLogitsLoss extends Loss {
  readonly options: BinaryCrossEntropyWithLogitsOptions;

  /**
   * @param options.weight what element losses are multiplied by; broadcast. 1 by default
   * @param options.posWeight what the losses of positive targets are multiplied by, p; broadcast. 1 by default
   * @param options.reduction "mean" (the default), "sum", or "none" for all elements
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: BinaryCrossEntropyWithLogitsOptions = {}) {
    super(options, ["weight", "posWeight"]);
    this.keep("weight", "weight", options.weight);
    this.keep("pos_weight", "posWeight", options.posWeight);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}

/**
 * Kullback-Leibler divergence, target (ln target - input). The definition sums over classes and averages over the
 * batch: use reduction "batchmean". (Kullback and Leibler, 1951.)
 *
 * Shapes: input (*) of log-probabilities, target (*) of probabilities (or log-probabilities with `logTarget`) -> (), or
 * (*) without reduction.
 *
 * @example
 * const loss = new nn.KLDivLoss({ reduction: "batchmean" });
 * loss(tensor([[0.5, 0.5]]).log(), tensor([[0.9, 0.1]])); // 0.3681
 */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | "batchmean";
  readonly logTarget: boolean;

  /**
   * @param options.reduction "mean" of all elements (the default), "batchmean", "sum", or "none" for all elements
   * @param options.logTarget whether the target is log-probabilities; false by default
   * @throws ArgumentError for an unknown reduction.
   */
  constructor(options: KlDivOptions = {}) {
    super();
    this.reduction = checkKlDiv(options, "KLDivLoss");
    this.logTarget = options.logTarget ?? false;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }

  override extraRepr(): string {
    return `reduction=${this.reduction}, logTarget=${this.logTarget}`;
  }
}
