/**
 * Batch normalisation layers (Ioffe and Szegedy, 2015).
 */
import { cast, constant, scalar } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./arguments.ts";
import { ChannelNorm, checkRank, ownerOf } from "./channel-norm.ts";
import { normalizeBatch } from "./functional/batch-norm.ts";

/** Options of `nn.BatchNorm1d` and `nn.BatchNorm2d`. */
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

abstract class BatchNorm extends ChannelNorm {
  momentum: number | null;

  constructor(numFeatures: number, options: BatchNormLayerOptions) {
    super(numFeatures, options, true);
    const { momentum = 0.1 } = options;
    this.momentum = momentum === null ? null : checkRange(momentum, 0, 1, "momentum", this.constructor.name);
  }

  /** @internal Normalises an input that has been checked. */
  protected normalize(x: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias, eps } = this;
    // Without running statistics the batch's own are used in evaluation too.
    const training = this.training || runningMean === null;
    const momentum = this.training ? this.countBatch() : scalar(0, "float32");
    return normalizeBatch(
      x,
      { runningMean, runningVar, weight, bias, training, momentum, eps },
      ownerOf(this),
    );
  }

  /** Counts a batch, and gives its weight in the running statistics. */
  private countBatch(): Node {
    const count = this.numBatchesTracked;
    if (count === null) return scalar(0, "float32");
    const counted = ops.add(count.node, constant(1, [], "int32"));
    withGradMode(false, () => count.assignNode(counted));
    return this.momentum === null
      ? ops.reciprocal(cast(counted, "float32"))
      : scalar(this.momentum, "float32");
  }
}

/**
 * Normalises each feature over the batch: (x - mean) / sqrt(variance + eps) * weight + bias. In training mean and
 * variance are those of the batch, and running ones follow them: running = (1 - momentum) * running + momentum * batch.
 * Evaluation uses the running ones. (Ioffe and Szegedy, 2015.)
 *
 * Shape (N, C) or (N, C, L) -> the same. State-dict keys are `weight`, `bias`, `running_mean`, `running_var` and
 * `num_batches_tracked`.
 *
 * @example
 * const layer = new nn.BatchNorm1d(2);
 * layer(tensor([[1, 5], [3, 9]])); // [[-1, -1], [1, 1]]
 * layer.runningMean; // [0.2, 0.7]
 */
export class BatchNorm1d extends BatchNorm {
  static override readonly pure = true;
  /**
   * @param numFeatures the number of features C
   * @param options.eps added to the variance; 1e-5 by default
   * @param options.momentum weight of a batch in running statistics, 0 to 1; 0.1 by default. Null averages all batches
   * @param options.affine whether weight and bias are learned; true by default
   * @param options.trackRunningStats whether running statistics are kept; true by default. Else evaluation normalises
   * by the batch too
   * @throws ArgumentError for a number of features that is not a positive integer, or a number out of range.
   */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options);
  }

  /** @throws ShapeError for other dimensions or channels, or one value per channel in training; DTypeError. */
  forward(x: Tensor): Tensor {
    checkRank(x, [2, 3], "N, C or N, C, L", ownerOf(this));
    return this.normalize(x);
  }
}

/**
 * Normalises each channel over the batch and its plane: (x - mean) / sqrt(variance + eps) * weight + bias. In training
 * mean and variance are those of the batch, and running ones follow them: running = (1 - momentum) * running +
 * momentum * batch. Evaluation uses the running ones. (Ioffe and Szegedy, 2015.)
 *
 * Shape (N, C, H, W) -> the same. State-dict keys are `weight`, `bias`, `running_mean`, `running_var` and
 * `num_batches_tracked`.
 *
 * @example
 * const layer = new nn.BatchNorm2d(16);
 * layer(randn([4, 16, 8, 8])).shape; // [4, 16, 8, 8]
 * layer.numBatchesTracked; // 1
 */
export class BatchNorm2d extends BatchNorm {
  static override readonly pure = true;
  /**
   * @param numFeatures the number of channels C
   * @param options.eps added to the variance; 1e-5 by default
   * @param options.momentum weight of a batch in running statistics, 0 to 1; 0.1 by default. Null averages all batches
   * @param options.affine whether weight and bias are learned; true by default
   * @param options.trackRunningStats whether running statistics are kept; true by default. Else evaluation normalises
   * by the batch too
   * @throws ArgumentError for a number of features that is not a positive integer, or a number out of range.
   */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options);
  }

  /** @throws ShapeError for other dimensions or channels, or one value per channel in training; DTypeError. */
  forward(x: Tensor): Tensor {
    checkRank(x, [4], "N, C, H, W", ownerOf(this));
    return this.normalize(x);
  }
}
