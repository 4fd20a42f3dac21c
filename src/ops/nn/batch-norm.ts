/**
 * Batch normalisation (Ioffe and Szegedy, 2015) over all axes but the second.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { binary, constant, detach, expand, reshape, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { normalizeOver } from "./normalize.ts";

export interface BatchStatistics {
  /** Shape (C). Detached: they feed running statistics, not the loss. */
  readonly mean: Node;
  /** Shape (C), divided by n - 1. */
  readonly unbiasedVariance: Node;
}

/** Axis 1 of x alone: how vectors of one element per channel line up with it. */
function channelShape(x: Node): number[] {
  return x.shape.map((s, d) => (d === 1 ? s : 1));
}

function checkInput(x: Node, name: string): void {
  if (x.shape.length < 2) {
    throw new ShapeError(
      `${name}: input has shape ${formatShape(x.shape)}, expected at least 2 dimensions N, C`,
      {
        input: x.shape,
      },
    );
  }
}

/** A single value is its channel's mean, and so becomes 0. */
function checkSeveral(x: Node, name: string): void {
  const [, channels = 0] = x.shape;
  if (channels === 0 || sizeOf(x.shape) > channels) return;
  throw new ShapeError(
    `${name}: needs more than one value per channel in training, got input shape ${formatShape(x.shape)}; use a larger ` +
      "batch, or model.eval()",
    { input: x.shape },
  );
}

/** (x - mean) / sqrt(variance + eps) * weight + bias with given statistics of shape (C). */
export function batchNormInference(
  x: Node,
  mean: Node,
  variance: Node,
  weight: Node | null,
  bias: Node | null,
  eps: number,
  name = "batchNorm",
): Node {
  checkInput(x, name);
  return byStatistics([x, mean, variance, weight, bias], eps)[0];
}

type InferenceOperands = readonly [
  x: Node,
  mean: Node,
  variance: Node,
  weight: Node | null,
  bias: Node | null,
];

const byStatistics = composite(
  "batchNorm by statistics",
  ([x, mean, variance, weight, bias]: InferenceOperands, eps: number): [Node] => {
    const shape = channelShape(x);
    const flat = (n: Node): Node => reshape(n, shape);
    const inverse = unary(
      "reciprocal",
      unary("sqrt", binary("add", variance, constant(eps, variance.shape, x.dtype))),
    );
    const scale = weight === null ? inverse : binary("mul", inverse, weight);
    const centred = binary("sub", x, expand(flat(mean), x.shape));
    const y = binary("mul", centred, expand(flat(scale), x.shape));
    return [bias === null ? y : binary("add", y, expand(flat(bias), x.shape))];
  },
);

/** Normalises with the statistics of the batch itself. Shape (N, C, *) -> (N, C, *). */
export function batchNormTraining(
  x: Node,
  weight: Node | null,
  bias: Node | null,
  eps: number,
  name = "batchNorm",
): { output: Node; statistics: BatchStatistics } {
  checkInput(x, name);
  checkSeveral(x, name);
  const [output, mean, unbiasedVariance] = byBatch([x, weight, bias], eps);
  return { output, statistics: { mean, unbiasedVariance } };
}

type TrainingOperands = readonly [x: Node, weight: Node | null, bias: Node | null];

const byBatch = composite(
  "batchNorm",
  ([x, weight, bias]: TrainingOperands, eps: number): [Node, Node, Node] => {
    const channels = x.shape[1] as number;
    const n = sizeOf(x.shape) / channels;
    const line = (p: Node | null): Node | null => (p === null ? null : reshape(p, channelShape(x)));
    const axes = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
    const { output, mean, squares } = normalizeOver(x, axes, line(weight), line(bias), eps);
    const variance = binary("mul", squares, constant(1 / (n - 1), squares.shape, x.dtype));
    return [output, detach(reshape(mean, [channels])), detach(reshape(variance, [channels]))];
  },
);
