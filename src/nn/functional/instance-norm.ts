/**
 * Instance normalisation: each plane of each sample by itself, with running statistics if wanted.
 */
import { ArgumentError } from "../../base/errors.ts";
import { reshape, scalar } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkRange } from "../arguments.ts";
import { type ChannelVectors, checkChannels, moveTowards } from "./channel-statistics.ts";

/** Options of `F.instanceNorm`. */
export interface InstanceNormOptions {
  /** Shape (C): moved towards the mean of the samples' means. */
  readonly runningMean?: Tensor | null | undefined;
  /** Shape (C): moved towards the mean of the samples' unbiased variances. */
  readonly runningVar?: Tensor | null | undefined;
  /** Shape (C): what normalised channels are multiplied by. */
  readonly weight?: Tensor | null | undefined;
  /** Shape (C): what is added after that. */
  readonly bias?: Tensor | null | undefined;
  /** Whether to normalise with statistics of the input, and to update the running ones; true by default. */
  readonly useInputStats?: boolean | undefined;
  /** Weight of the input in running statistics; 0.1 by default. */
  readonly momentum?: number | undefined;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
}

/** All that the function needs; what is left out there has its default. */
export interface InstanceNormalization extends ChannelVectors {
  readonly useInputStats: boolean;
  readonly momentum: number;
  readonly eps: number;
}

/** Normalises x (N, C, *), or (C, *) where channels are axis 0, for a layer or function of that name. */
export function normalizeInstances(
  x: Tensor,
  n: InstanceNormalization,
  channelAxis: 0 | 1,
  owner: string,
): Tensor {
  checkChannels(x, n, channelAxis, owner);
  const { runningMean, runningVar } = n;
  const batch = channelAxis === 1 ? x.node : reshape(x.node, [1, ...x.shape]);
  const [weight, bias] = [n.weight?.node ?? null, n.bias?.node ?? null];
  if (!n.useInputStats) {
    if (runningMean === null || runningVar === null) {
      throw new ArgumentError(`${owner}: without useInputStats, runningMean and runningVar are needed`);
    }
    const y = ops.batchNormInference(batch, runningMean.node, runningVar.node, weight, bias, n.eps);
    return Tensor.of(reshape(y, x.shape));
  }
  const { output, statistics } = ops.instanceNorm(batch, weight, bias, n.eps, owner);
  const momentum = scalar(n.momentum, x.dtype);
  moveTowards(runningMean, statistics.mean, momentum);
  moveTowards(runningVar, statistics.unbiasedVariance, momentum);
  return Tensor.of(reshape(output, x.shape));
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance of each channel of each sample (Ulyanov,
 * Vedaldi and Lempitsky, 2016). Running statistics, where given, are updated in place:
 * running = (1 - momentum) * running + momentum * mean of the samples' statistics, with unbiased variances.
 *
 * @param x shape (N, C, *), floats
 * @param options.runningMean shape (C); none by default
 * @param options.runningVar shape (C); none by default
 * @param options.weight shape (C); ones by default
 * @param options.bias shape (C); zeros by default
 * @param options.useInputStats whether to normalise with statistics of x, not the running ones; true by default
 * @param options.momentum weight of x in running statistics, 0 to 1; 0.1 by default
 * @param options.eps added to the variance; 1e-5 by default
 * @returns the shape of x
 * @throws ShapeError where channels do not fit or a channel of a sample has one value, DTypeError unless all are floats
 * of one type, ArgumentError for a number out of range, or where running statistics are needed and missing.
 * @example
 * F.instanceNorm(tensor([[[1, 3], [10, 50]]])); // [[[-1, 1], [-1, 1]]]
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const names = ["runningMean", "runningVar", "weight", "bias", "useInputStats", "momentum", "eps"];
  const nullable = ["runningMean", "runningVar", "weight", "bias"];
  checkOptions(options, names, "instanceNorm", { nullable, flags: ["useInputStats"] });
  const { momentum = 0.1, eps = 1e-5 } = options;
  const normalization: InstanceNormalization = {
    runningMean: options.runningMean ?? null,
    runningVar: options.runningVar ?? null,
    weight: options.weight ?? null,
    bias: options.bias ?? null,
    useInputStats: options.useInputStats ?? true,
    momentum: checkRange(momentum, 0, 1, "momentum", "instanceNorm"),
    eps: checkRange(eps, 0, Number.POSITIVE_INFINITY, "eps", "instanceNorm"),
  };
  return normalizeInstances(x, normalization, 1, "instanceNorm");
}
