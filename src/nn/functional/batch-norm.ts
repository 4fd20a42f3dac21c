/**
 * Batch normalisation with running statistics.
 */
import { ArgumentError } from "../../base/errors.ts";
import { scalar } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkOptions, checkRange } from "../arguments.ts";
import { type ChannelVectors, checkChannels, moveTowards } from "./channel-statistics.ts";

/** Options of `F.batchNorm`. */
export interface BatchNormOptions {
  /** Shape (C): what normalised channels are multiplied by. */
  readonly weight?: Tensor | null | undefined;
  /** Shape (C): what is added after that. */
  readonly bias?: Tensor | null | undefined;
  /** Whether to normalise with statistics of the batch, and to update the running ones; false by default. */
  readonly training?: boolean | undefined;
  /** Weight of the batch in running statistics; 0.1 by default. */
  readonly momentum?: number | undefined;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
}

/** As the options, but the momentum may be computed. */
export interface Normalization extends ChannelVectors {
  readonly training: boolean;
  readonly momentum: Node;
  readonly eps: number;
}

/** Normalises, and in training moves the running statistics, for a layer or function of that name. */
export function normalizeBatch(x: Tensor, n: Normalization, owner: string): Tensor {
  checkChannels(x, n, 1, owner);
  const [weight, bias] = [n.weight?.node ?? null, n.bias?.node ?? null];
  if (!n.training) {
    if (n.runningMean === null || n.runningVar === null) {
      throw new ArgumentError(`${owner}: without training, runningMean and runningVar are needed`);
    }
    return Tensor.of(
      ops.batchNormInference(x.node, n.runningMean.node, n.runningVar.node, weight, bias, n.eps, owner),
    );
  }
  const { output, statistics } = ops.batchNormTraining(x.node, weight, bias, n.eps, owner);
  moveTowards(n.runningMean, statistics.mean, n.momentum);
  moveTowards(n.runningVar, statistics.unbiasedVariance, n.momentum);
  return Tensor.of(output);
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015). In training, mean and
 * variance are those of the batch, and the running ones are updated in place:
 * running = (1 - momentum) * running + momentum * batch, with the unbiased variance.
 *
 * @param x shape (N, C, *), floats
 * @param runningMean shape (C); needed in evaluation only
 * @param runningVar shape (C); needed in evaluation only
 * @param options.weight shape (C); ones by default
 * @param options.bias shape (C); zeros by default
 * @param options.training whether to normalise with the batch's own statistics; false by default
 * @param options.momentum weight of the batch in running statistics, 0 to 1; 0.1 by default
 * @param options.eps added to the variance; 1e-5 by default
 * @returns the shape of x
 * @throws ShapeError where channels do not fit or a channel has one value, DTypeError unless all are floats of one
 * type, ArgumentError for a number out of range, or without running statistics in evaluation.
 * @example
 * F.batchNorm(tensor([[1, 5], [3, 9]]), null, null, { training: true }); // [[-1, -1], [1, 1]]
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  checkFloat(x, "batchNorm");
  checkOptions(options, ["weight", "bias", "training", "momentum", "eps"], "batchNorm", {
    nullable: ["weight", "bias"],
    flags: ["training"],
  });
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  const normalization: Normalization = {
    runningMean,
    runningVar,
    weight,
    bias,
    training,
    momentum: scalar(checkRange(momentum, 0, 1, "momentum", "batchNorm"), x.dtype),
    eps: checkRange(eps, 0, Number.POSITIVE_INFINITY, "eps", "batchNorm"),
  };
  return normalizeBatch(x, normalization, "batchNorm");
}
