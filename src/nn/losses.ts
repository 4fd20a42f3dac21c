/**
 * Losses as modules. Each is a call of the function of the same name with the options it was made with.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./arguments.ts";
import {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from "./functional/binary-cross-entropy-with-logits.ts";
import {
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
} from "./functional/cross-entropy.ts";
import { l1Loss } from "./functional/l1-loss.ts";
import { mseLoss } from "./functional/mse-loss.ts";
import { type LossOptions, type Reduction, reductionOf } from "./functional/reduction.ts";
import { Module } from "./module.ts";

/** What all losses have. */
abstract class Loss extends Module {
  readonly reduction: Reduction;

  constructor(options: LossOptions) {
    super();
    this.reduction = reductionOf(options, this.constructor.name);
  }
}

/**
 * -ln softmax(input)[target], averaged.
 *
 * Shapes: input (N, C, *) of logits, target (N, *) of class indices or probabilities in the input's shape -> ().
 */
export class CrossEntropyLoss extends Loss {
  readonly options: CrossEntropyOptions;

  /** @throws ArgumentError for a label smoothing outside of 0 to 1 or an unknown reduction. */
  constructor(options: CrossEntropyOptions = {}) {
    super(options);
    checkRange(options.labelSmoothing ?? 0, 0, 1, "labelSmoothing", "CrossEntropyLoss");
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}

/** -input[target], averaged. Shapes: input (N, C, *) of log-probabilities, target (N, *) of class indices -> (). */
export class NLLLoss extends Loss {
  readonly options: NllLossOptions;

  constructor(options: NllLossOptions = {}) {
    super(options);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, this.options);
  }
}

/** (input - target) ** 2, averaged. Shapes (*), (*) -> (). */
export class MSELoss extends Loss {
  constructor(options: LossOptions = {}) {
    super(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

/** |input - target|, averaged. Shapes (*), (*) -> (). */
export class L1Loss extends Loss {
  constructor(options: LossOptions = {}) {
    super(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/** Binary cross entropy of logits, averaged. Shapes: input (*), target (*) with values from 0 to 1 -> (). */
export class BCEWithLogitsLoss extends Loss {
  readonly options: BinaryCrossEntropyOptions;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    super(options);
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}
