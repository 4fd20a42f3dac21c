/**
 * What normalisation layers with one statistic per channel share: weight, bias, running statistics and their checks.
 */
import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { constant } from "../graph/build.ts";
import { withGradMode } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkFloat, checkOptions, checkRange } from "./arguments.ts";
import { ones_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyBuffer, emptyParameter, type Parameter } from "./parameter.ts";

/** Options that derived layers share; their defaults differ. */
interface ChannelNormOptions {
  readonly eps?: number | undefined;
  readonly momentum?: number | null | undefined;
  readonly affine?: boolean | undefined;
  readonly trackRunningStats?: boolean | undefined;
}

/** Base of `BatchNorm1d`, `BatchNorm2d` and `InstanceNorm2d`. */
export abstract class ChannelNorm extends Module {
  /** Number of channels C. */
  readonly numFeatures: number;
  /** Added to the variance. */
  eps: number;
  /** Shape (numFeatures); starts with ones. Null without `affine`. */
  weight: Parameter | null;
  /** Shape (numFeatures); starts with zeros. Null without `affine`. */
  bias: Parameter | null;
  /** Weight of a batch in running statistics. */
  abstract momentum: number | null;

  /** @param on the default of `affine` and `trackRunningStats` */
  constructor(numFeatures: number, options: ChannelNormOptions, on: boolean) {
    super();
    const owner = this.constructor.name;
    this.numFeatures = checkCount(numFeatures, 1, "numFeatures", owner);
    const flags = ["affine", "trackRunningStats"];
    checkOptions(options, ["eps", "momentum", ...flags], owner, { nullable: ["momentum"], flags });
    const { eps = 1e-5, affine = on, trackRunningStats = on } = options;
    this.eps = checkRange(eps, 0, Number.POSITIVE_INFINITY, "eps", owner);
    this.weight = affine ? ones_(emptyParameter([numFeatures])) : null;
    this.bias = affine ? emptyParameter([numFeatures]) : null;
    if (!trackRunningStats) return;
    this.registerBuffer("running_mean", emptyBuffer([numFeatures]));
    this.registerBuffer("running_var", emptyBuffer([numFeatures], 1));
    this.registerBuffer("num_batches_tracked", new Tensor(constant(0, [], "int32")));
  }

  /** Running mean of each channel, shape (numFeatures). Null without `trackRunningStats`. */
  get runningMean(): Tensor | null {
    return this.getBuffer("running_mean");
  }

  /** Running unbiased variance of each channel, shape (numFeatures). Null without `trackRunningStats`. */
  get runningVar(): Tensor | null {
    return this.getBuffer("running_var");
  }

  /** Number of batches seen in training, int32. Null without `trackRunningStats`. */
  get numBatchesTracked(): Tensor | null {
    return this.getBuffer("num_batches_tracked");
  }

  /** Starts running statistics over: mean 0, variance 1. */
  resetRunningStats(): void {
    withGradMode(false, () => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${this.eps}, momentum=${this.momentum}, affine=${this.weight !== null}, ` +
      `trackRunningStats=${this.runningMean !== null}`
    );
  }
}

/** What errors call a layer: its class and channels. */
export function ownerOf(layer: ChannelNorm): string {
  return `${layer.constructor.name}(${layer.numFeatures})`;
}

/** Checks an input's type and number of dimensions. @throws ShapeError, DTypeError. */
export function checkRank(x: Tensor, ranks: readonly number[], layout: string, owner: string): void {
  checkFloat(x, owner);
  if (ranks.includes(x.ndim)) return;
  throw new ShapeError(
    `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected ${layout}`,
    { input: x.shape },
  );
}
