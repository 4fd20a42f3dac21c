/**
 * Batch normalisation with running statistics.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { cast, constant, scalar } from "../../graph/build.ts";
import { type Node, withGradMode } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkSameType } from "../arguments.ts";

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
export interface Normalization {
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly training: boolean;
  readonly momentum: Node;
  readonly eps: number;
}

/** Normalises, and in training moves the running statistics, for a layer or function of that name. */
export function normalizeBatch(x: Tensor, n: Normalization, owner: string): Tensor {
  checkChannels(x, n, owner);
  const [weight, bias] = [n.weight?.node ?? null, n.bias?.node ?? null];
  if (!n.training) {
    if (n.runningMean === null || n.runningVar === null) {
      throw new ArgumentError(`${owner}: without training, runningMean and runningVar are needed`);
    }
    return Tensor.of(
      ops.batchNormInference(x.node, n.runningMean.node, n.runningVar.node, weight, bias, n.eps),
    );
  }
  const { output, statistics } = ops.batchNormTraining(x.node, weight, bias, n.eps);
  moveTowards(n.runningMean, statistics.mean, n.momentum);
  moveTowards(n.runningVar, statistics.unbiasedVariance, n.momentum);
  return Tensor.of(output);
}

/** running = (1 - momentum) * running + momentum * batch. */
function moveTowards(running: Tensor | null, batch: Node, momentum: Node): void {
  if (running === null) return;
  withGradMode(false, () => {
    const factor = cast(momentum, running.dtype);
    const old = ops.mul(ops.sub(constant(1, [], running.dtype), factor), running.node);
    running.assignNode(ops.add(ops.mul(factor, batch), old));
  });
}

function checkChannels(x: Tensor, n: Normalization, owner: string): void {
  const vectors = { weight: n.weight, bias: n.bias, runningMean: n.runningMean, runningVar: n.runningVar };
  const channels = x.shape[1];
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector === null) continue;
    checkSameType(x, vector, owner);
    if (vector.ndim === 1 && vector.shape[0] === channels) continue;
    throw new ShapeError(
      `${owner}: input has ${channels ?? 0} channel${channels === 1 ? "" : "s"}, expected ${vector.shape.join(", ")} ` +
        `(input shape ${formatShape(x.shape)} is N, C, ...; ${name} has shape ${formatShape(vector.shape)})`,
      { input: x.shape, [name]: vector.shape },
    );
  }
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015). In training, mean and
 * variance are those of the batch, and the running ones are updated in place.
 *
 * Shapes: x (N, C, *), statistics (C) -> (N, C, *). @throws ShapeError, ArgumentError.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  const normalization: Normalization = {
    runningMean,
    runningVar,
    weight: options.weight ?? null,
    bias: options.bias ?? null,
    training: options.training ?? false,
    momentum: scalar(options.momentum ?? 0.1, x.dtype),
    eps: options.eps ?? 1e-5,
  };
  return normalizeBatch(x, normalization, "batchNorm");
}
