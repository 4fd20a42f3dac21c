import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkOptions, checkRange } from "../arguments.ts";
import { checkChannels } from "./channel-statistics.ts";

/** Options of `F.groupNorm`. */
export interface GroupNormOptions {
  /** Shape (C): what normalised channels are multiplied by. */
  readonly weight?: Tensor | null | undefined;
  /** Shape (C): what is added after that. */
  readonly bias?: Tensor | null | undefined;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance over each group of channels of each sample
 * (Wu and He, 2018). The variance is divided by n.
 *
 * @param x shape (N, C, *), floats
 * @param numGroups how many groups of neighbouring channels there are; C must be divisible by it
 * @param options.weight shape (C); ones by default
 * @param options.bias shape (C); zeros by default
 * @param options.eps added to the variance; 1e-5 by default
 * @returns the shape of x
 * @throws ShapeError where channels do not fit, DTypeError unless all are floats of one type, ArgumentError for a
 * number out of range.
 * @example
 * F.groupNorm(tensor([[1, 3, 20, 40]]), 2); // [[-1, 1, -1, 1]]
 */
export function groupNorm(x: Tensor, numGroups: number, options: GroupNormOptions = {}): Tensor {
  return normalizeGroups(x, numGroups, options, "groupNorm");
}

/** The same for a layer or function of that name. */
export function normalizeGroups(
  x: Tensor,
  numGroups: number,
  options: GroupNormOptions,
  owner: string,
): Tensor {
  checkOptions(options, ["weight", "bias", "eps"], owner, { nullable: ["weight", "bias"] });
  const { weight = null, bias = null } = options;
  checkChannels(x, { weight, bias, runningMean: null, runningVar: null }, 1, owner);
  checkCount(numGroups, 1, "numGroups", owner);
  const eps = checkRange(options.eps ?? 1e-5, 0, Number.POSITIVE_INFINITY, "eps", owner);
  return Tensor.of(ops.groupNorm(x.node, numGroups, weight?.node ?? null, bias?.node ?? null, eps, owner));
}
