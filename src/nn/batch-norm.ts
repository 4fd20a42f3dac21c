/**
 * Batch normalisation layers (Ioffe and Szegedy, 2015).
 */
import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { cast, constant, scalar } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkRange } from "./arguments.ts";
import { normalizeBatch } from "./functional/batch-norm.ts";
import { ones_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyBuffer, emptyParameter, type Parameter } from "./parameter.ts";

export interface BatchNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
  /** Weight of a batch in running statistics; 0.1 by default. Null gives the plain average of all batches. */
  readonly momentum?: number | null | undefined;
  /** Whether weight and bias are learned; true by default. */
  readonly affine?: boolean | undefined;
  /** Whether running statistics are kept, for use in evaluation; true by default. */
  readonly trackRunningStats?: boolean | undefined;
}

abstract class BatchNorm extends Module {
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  /** Shape (numFeatures); starts with ones. */
  weight: Parameter | null;
  /** Shape (numFeatures); starts with zeros. */
  bias: Parameter | null;
  readonly #ranks: readonly number[];
  readonly #layout: string;

  constructor(numFeatures: number, options: BatchNormLayerOptions, ranks: readonly number[], layout: string) {
    super();
    const owner = this.constructor.name;
    this.#ranks = ranks;
    this.#layout = layout;
    this.numFeatures = checkCount(numFeatures, 1, "numFeatures", owner);
    this.eps = checkRange(options.eps ?? 1e-5, 0, Number.POSITIVE_INFINITY, "eps", owner);
    const { momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.momentum = momentum === null ? null : checkRange(momentum, 0, 1, "momentum", owner);
    this.weight = affine ? ones_(emptyParameter([numFeatures])) : null;
    this.bias = affine ? emptyParameter([numFeatures]) : null;
    if (!trackRunningStats) return;
    this.registerBuffer("running_mean", emptyBuffer([numFeatures]));
    this.registerBuffer("running_var", emptyBuffer([numFeatures], 1));
    this.registerBuffer("num_batches_tracked", new Tensor(constant(0, [], "int32")));
  }

  /** Mean of each channel over batches seen in training, shape (numFeatures). */
  get runningMean(): Tensor | null {
    return this.getBuffer("running_mean");
  }

  /** Unbiased variance of each channel over batches seen in training, shape (numFeatures). */
  get runningVar(): Tensor | null {
    return this.getBuffer("running_var");
  }

  /** Number of batches seen in training, int32. */
  get numBatchesTracked(): Tensor | null {
    return this.getBuffer("num_batches_tracked");
  }

  forward(x: Tensor): Tensor {
    const { runningMean, runningVar } = this;
    const owner = `${this.constructor.name}(${this.numFeatures})`;
    if (!this.#ranks.includes(x.ndim)) {
      throw new ShapeError(
        `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected ${this.#layout}`,
        { input: x.shape },
      );
    }
    // Without running statistics the batch's own are used in evaluation too.
    const training = this.training || runningMean === null;
    const momentum = this.training ? this.#countBatch() : scalar(0, "float32");
    const { weight, bias, eps } = this;
    return normalizeBatch(x, { runningMean, runningVar, weight, bias, training, momentum, eps }, owner);
  }

  /** Starts running statistics over. */
  resetRunningStats(): void {
    withGradMode(false, () => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Counts a batch, and gives its weight in the running statistics. */
  #countBatch(): Node {
    const count = this.numBatchesTracked;
    if (count === null) return scalar(0, "float32");
    const counted = ops.add(count.node, constant(1, [], "int32"));
    withGradMode(false, () => count.assignNode(counted));
    return this.momentum === null
      ? ops.reciprocal(cast(counted, "float32"))
      : scalar(this.momentum, "float32");
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${this.eps}, momentum=${this.momentum}, affine=${this.weight !== null}, ` +
      `trackRunningStats=${this.runningMean !== null}`
    );
  }
}

/** Normalises each feature over the batch. Shape (N, C) or (N, C, L) -> the same. */
export class BatchNorm1d extends BatchNorm {
  /** @throws ArgumentError for a number of features that is not a positive integer, or a momentum outside of 0 to 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options, [2, 3], "N, C or N, C, L");
  }
}

/**
 * Normalises each channel over the batch and its plane. Shape (N, C, H, W) -> the same.
 *
 * State-dict keys are `weight`, `bias`, `running_mean`, `running_var` and `num_batches_tracked`.
 */
export class BatchNorm2d extends BatchNorm {
  /** @throws ArgumentError for a number of features that is not a positive integer, or a momentum outside of 0 to 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options, [4], "N, C, H, W");
  }
}
