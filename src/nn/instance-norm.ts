import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./arguments.ts";
import { ChannelNorm, checkRank, ownerOf } from "./channel-norm.ts";
import { normalizeInstances } from "./functional/instance-norm.ts";

/** Options of `nn.InstanceNorm2d`. */
export interface InstanceNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
  /** Weight of a batch in running statistics; 0.1 by default. */
  readonly momentum?: number | undefined;
  /** Whether weight and bias are learned; false by default. */
  readonly affine?: boolean | undefined;
  /** Whether running statistics are kept, for use in evaluation; false by default. */
  readonly trackRunningStats?: boolean | undefined;
}

/**
 * Normalises each channel of each sample over its plane: (x - mean) / sqrt(variance + eps) * weight + bias, the same in
 * training and evaluation. With `trackRunningStats` evaluation uses running statistics, as batch normalisation does.
 * (Ulyanov, Vedaldi and Lempitsky, 2016.)
 *
 * Shape (N, C, H, W) or (C, H, W) -> the same. State-dict keys are `weight` and `bias` with `affine`, `running_mean`,
 * `running_var` and `num_batches_tracked` (which stays 0, as PyTorch's does) with `trackRunningStats`.
 *
 * @example
 * const layer = new nn.InstanceNorm2d(1);
 * layer(tensor([[[[1, 3]]], [[[10, 50]]]])); // [[[[-1, 1]]], [[[-1, 1]]]]
 */
export class InstanceNorm2d extends ChannelNorm {
  static override readonly pure = true;
  /** Weight of a batch in running statistics. */
  momentum: number;

  /**
   * @param numFeatures the number of channels C
   * @param options.eps added to the variance; 1e-5 by default
   * @param options.momentum weight of a batch in running statistics, 0 to 1; 0.1 by default
   * @param options.affine whether weight and bias are learned; false by default
   * @param options.trackRunningStats whether running statistics are kept; false by default
   * @throws ArgumentError for a number of features that is not a positive integer, or a number out of range.
   */
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(numFeatures, options, false);
    const { momentum = 0.1 } = options;
    this.momentum = checkRange(momentum, 0, 1, "momentum", this.constructor.name);
  }

  /** @throws ShapeError for other dimensions or channels, or planes of one element; DTypeError. */
  forward(x: Tensor): Tensor {
    const owner = ownerOf(this);
    checkRank(x, [3, 4], "N, C, H, W or C, H, W", owner);
    const axis = x.ndim === 3 ? 0 : 1;
    if (x.shape[axis] !== this.numFeatures) {
      throw new ShapeError(
        `${owner}: input has ${x.shape[axis]} channel${x.shape[axis] === 1 ? "" : "s"}, expected ${this.numFeatures} ` +
          `(input shape ${formatShape(x.shape)} is ${axis === 0 ? "C, H, W" : "N, C, H, W"})`,
        { input: x.shape },
      );
    }
    const { runningMean, runningVar, weight, bias, momentum, eps } = this;
    const useInputStats = this.training || runningMean === null;
    return normalizeInstances(
      x,
      { runningMean, runningVar, weight, bias, momentum, eps, useInputStats },
      axis,
      owner,
    );
  }
}
