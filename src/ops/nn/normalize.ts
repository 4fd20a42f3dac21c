/**
 * What all normalisations share: over some axes, values lose their mean and are divided by their standard deviation.
 * The gradient is the closed form rather than what differentiating each step would give: fewer passes, and the same
 * numbers.
 */
import { binary, constant, expand, reduce, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { reducedCount } from "../reduce/reduction.ts";

export interface Normalized {
  readonly output: Node;
  /** Mean over the axes, which stay with size 1. */
  readonly mean: Node;
  /** Sum of squared deviations from it, of the same shape. */
  readonly squares: Node;
}

const times = (x: Node, factor: number): Node => binary("mul", x, constant(factor, x.shape, x.dtype));

/** Sums over the axes where x is not as small as `shape` yet. */
function sumTo(x: Node, shape: readonly number[]): Node {
  return reduce(
    "sum",
    x,
    x.shape.flatMap((s, d) => (s === shape[d] ? [] : [d])),
  );
}

/** Both expanded to their common shape, multiplied. */
function product(a: Node, b: Node): Node {
  const shape = a.shape.map((s, d) => (s === 1 ? (b.shape[d] as number) : s));
  return binary("mul", expand(a, shape), expand(b, shape));
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance (divided by n) over `axes`.
 *
 * @param weight of as many dimensions as x, each of x's size or 1; or none
 * @param bias as the weight, and of its shape where there is one
 */
export function normalizeOver(
  x: Node,
  axes: readonly number[],
  weight: Node | null,
  bias: Node | null,
  eps: number,
): Normalized {
  const n = reducedCount(x.shape, axes);
  const mean = times(reduce("sum", x, axes), 1 / n);
  const centred = binary("sub", x, expand(mean, x.shape));
  const squares = reduce("sum", binary("mul", centred, centred), axes);
  const variance = times(squares, 1 / n);
  const shifted = binary("add", variance, constant(eps, variance.shape, x.dtype));
  const inverse = unary("reciprocal", unary("sqrt", shifted));
  const normalized = binary("mul", centred, expand(inverse, x.shape));
  const scale = weight === null ? inverse : product(inverse, weight);
  let y = binary("mul", centred, expand(scale, x.shape));
  if (bias !== null) y = binary("add", y, expand(bias, x.shape));

  const parameters = [weight, bias].filter((p) => p !== null);
  const own = parameters[0]?.shape ?? mean.shape;
  // Sums over what one weight belongs to: the parameters' gradients and the means of the input's are made of them.
  const inner = axes.filter((d) => own[d] === 1);
  // A weight that is the same over all axes is a factor of the sums, and comes in last.
  const varies = weight !== null && inner.length < axes.length;
  const weighted = (v: Node): Node => (varies ? product(v, weight) : v);
  const output = withGradient(y, [x, ...parameters], (g) => {
    const sum = reduce("sum", g, inner);
    const dot = reduce("sum", binary("mul", g, normalized), inner);
    const average = (v: Node): Node => expand(times(sumTo(weighted(v), mean.shape), 1 / n), x.shape);
    const shared = binary("add", average(sum), binary("mul", normalized, average(dot)));
    const gx = binary("mul", binary("sub", weighted(g), shared), expand(varies ? inverse : scale, x.shape));
    return [gx, ...(weight === null ? [] : [sumTo(dot, own)]), ...(bias === null ? [] : [sumTo(sum, own)])];
  });
  return { output, mean, squares };
}
