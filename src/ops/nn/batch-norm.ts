/**
 * Batch normalisation (Ioffe and Szegedy, 2015) over all axes but the second. The gradient is the closed form rather
 * than what differentiating each step would give: fewer passes, and the same numbers.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { binary, constant, detach, expand, reduce, reshape, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

export interface BatchStatistics {
  /** Shape (C). Detached: they feed running statistics, not the loss. */
  readonly mean: Node;
  /** Shape (C), divided by n - 1. */
  readonly unbiasedVariance: Node;
}

const times = (x: Node, factor: number): Node => binary("mul", x, constant(factor, x.shape, x.dtype));

function channelShape(x: Node): number[] {
  return x.shape.map((s, d) => (d === 1 ? s : 1));
}

function checkInput(x: Node): void {
  if (x.shape.length < 2) {
    throw new ShapeError(
      `batchNorm: input has shape ${formatShape(x.shape)}, expected at least 2 dimensions N, C`,
      {
        input: x.shape,
      },
    );
  }
}

/** (x - mean) / sqrt(variance + eps) * weight + bias with given statistics of shape (C). */
export function batchNormInference(
  x: Node,
  mean: Node,
  variance: Node,
  weight: Node | null,
  bias: Node | null,
  eps: number,
): Node {
  checkInput(x);
  const shape = channelShape(x);
  const flat = (n: Node): Node => reshape(n, shape);
  const inverse = unary(
    "reciprocal",
    unary("sqrt", binary("add", variance, constant(eps, variance.shape, x.dtype))),
  );
  const scale = weight === null ? inverse : binary("mul", inverse, weight);
  const centred = binary("sub", x, expand(flat(mean), x.shape));
  const y = binary("mul", centred, expand(flat(scale), x.shape));
  return bias === null ? y : binary("add", y, expand(flat(bias), x.shape));
}

/** Normalises with the statistics of the batch itself. Shape (N, C, *) -> (N, C, *). */
export function batchNormTraining(
  x: Node,
  weight: Node | null,
  bias: Node | null,
  eps: number,
): { output: Node; statistics: BatchStatistics } {
  checkInput(x);
  const shape = channelShape(x);
  const axes = x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));
  const n = sizeOf(x.shape) / (x.shape[1] as number);
  if (n <= 1) {
    throw new ShapeError(
      `batchNorm: needs more than one value per channel in training, got input shape ${formatShape(x.shape)}; use a ` +
        "larger batch, or model.eval()",
      { input: x.shape },
    );
  }
  const mean = times(reduce("sum", x, axes), 1 / n);
  const centred = binary("sub", x, expand(mean, x.shape));
  const squares = reduce("sum", binary("mul", centred, centred), axes);
  const variance = times(squares, 1 / n);
  const inverse = unary("reciprocal", unary("sqrt", binary("add", variance, constant(eps, shape, x.dtype))));
  const normalized = binary("mul", centred, expand(inverse, x.shape));
  const w = weight === null ? null : reshape(weight, shape);
  const b = bias === null ? null : reshape(bias, shape);
  const scale = w === null ? inverse : binary("mul", inverse, w);
  let y = binary("mul", centred, expand(scale, x.shape));
  if (b !== null) y = binary("add", y, expand(b, x.shape));
  const inputs = [x, ...(weight === null ? [] : [weight]), ...(bias === null ? [] : [bias])];
  const output = withGradient(y, inputs, (g) => {
    const gBias = reduce("sum", g, axes);
    const gWeight = reduce("sum", binary("mul", g, normalized), axes);
    const shared = binary(
      "add",
      expand(times(gBias, 1 / n), x.shape),
      binary("mul", normalized, expand(times(gWeight, 1 / n), x.shape)),
    );
    const gx = binary("mul", binary("sub", g, shared), expand(scale, x.shape));
    const flat = (v: Node): Node => reshape(v, [x.shape[1] as number]);
    return [gx, ...(weight === null ? [] : [flat(gWeight)]), ...(bias === null ? [] : [flat(gBias)])];
  });
  const channels = [x.shape[1] as number];
  return {
    output,
    statistics: {
      mean: detach(reshape(mean, channels)),
      unbiasedVariance: detach(reshape(times(squares, 1 / (n - 1)), channels)),
    },
  };
}
