import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkFloat, checkOptions, checkRange } from "./arguments.ts";
import { normalizeGroups } from "./functional/group-norm.ts";
import { ones_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `nn.GroupNorm`. */
export interface GroupNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
  /** Whether weight and bias are learned; true by default. */
  readonly affine?: boolean | undefined;
}

/**
 * Normalises groups of neighbouring channels of each sample: (x - mean) / sqrt(variance + eps) * weight + bias, with
 * one weight and bias per channel. The same in training and evaluation, whatever the batch. (Wu and He, 2018.)
 *
 * Shape (N, C, *) -> the same. Weight starts with ones, bias with zeros.
 *
 * @example
 * const layer = new nn.GroupNorm(2, 4);
 * layer(tensor([[1, 3, 20, 40]])); // [[-1, 1, -1, 1]]
 */
export class GroupNorm extends Module {
  static override readonly pure = true;
  readonly numGroups: number;
  /** Number of channels C. */
  readonly numChannels: number;
  /** Added to the variance. */
  eps: number;
  /** Shape (numChannels); null without `affine`. */
  weight: Parameter | null;
  /** Shape (numChannels); null without `affine`. */
  bias: Parameter | null;

  /**
   * @param numGroups how many groups there are; 1 normalises each sample as a whole
   * @param numChannels the number of channels C, divisible by numGroups
   * @param options.eps added to the variance; 1e-5 by default
   * @param options.affine whether weight and bias are learned; true by default
   * @throws ArgumentError unless both are positive integers that divide, and eps is 0 or more.
   */
  constructor(numGroups: number, numChannels: number, options: GroupNormLayerOptions = {}) {
    super();
    this.numGroups = checkCount(numGroups, 1, "numGroups", "GroupNorm");
    this.numChannels = checkCount(numChannels, 1, "numChannels", "GroupNorm");
    if (numChannels % numGroups !== 0) {
      throw new ArgumentError(
        `GroupNorm: numChannels ${numChannels} must be divisible by numGroups ${numGroups}`,
        { numChannels, numGroups },
      );
    }
    checkOptions(options, ["eps", "affine"], "GroupNorm", { flags: ["affine"] });
    this.eps = checkRange(options.eps ?? 1e-5, 0, Number.POSITIVE_INFINITY, "eps", "GroupNorm");
    const affine = options.affine ?? true;
    this.weight = affine ? ones_(emptyParameter([numChannels])) : null;
    this.bias = affine ? emptyParameter([numChannels]) : null;
  }

  /**
   * @throws ShapeError for other channels, or one value per group in all; DTypeError unless the input has the weight's
   * type.
   */
  forward(x: Tensor): Tensor {
    const { numGroups, numChannels, weight, bias, eps } = this;
    const owner = `GroupNorm(${numGroups}, ${numChannels})`;
    checkFloat(x, owner);
    if (x.shape[1] !== numChannels) {
      const has = x.ndim < 2 ? "no channels" : `${x.shape[1]} channel${x.shape[1] === 1 ? "" : "s"}`;
      throw new ShapeError(
        `${owner}: input has ${has}, expected ${numChannels} (input shape ${formatShape(x.shape)} is N, C, ...)`,
        { input: x.shape },
      );
    }
    return normalizeGroups(x, numGroups, { weight, bias, eps }, owner);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${this.eps}, affine=${this.weight !== null}`;
  }
}
