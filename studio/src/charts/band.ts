/** Curves of several runs of the same settings as one: their mean, and the band between the lowest and the highest. */

export interface Curve {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface Band {
  readonly x: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Value of a curve at x by the straight line between its neighbours; NaN outside of it. */
export function valueAt({ x: xs, y: ys }: Curve, x: number): number {
  const last = xs.length - 1;
  if (last < 0 || x < (xs[0] as number) || x > (xs[last] as number)) return Number.NaN;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const [x0, x1] = [xs[low] as number, xs[high] as number];
  const [y0, y1] = [ys[low] as number, ys[high] as number];
  if (x === x0 || x1 === x0) return y0;
  return x === x1 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/**
 * The band of some curves. A run that has stopped early, or has no finite value at a place, does not count there.
 *
 * @param points how many places at most, spread evenly over the longest curve's own places
 */
export function bandOf(curves: readonly Curve[], points = 600): Band {
  const longest = curves.reduce<Curve | undefined>(
    (best, curve) => (best === undefined || lastOf(curve) > lastOf(best) ? curve : best),
    undefined,
  );
  const x = longest === undefined ? [] : thinned(longest.x, points);
  const mean: number[] = [];
  const low: number[] = [];
  const high: number[] = [];
  for (const place of x) {
    const values = curves.map((curve) => valueAt(curve, place)).filter((value) => Number.isFinite(value));
    const sum = values.reduce((a, b) => a + b, 0);
    mean.push(values.length > 0 ? sum / values.length : Number.NaN);
    low.push(values.length > 0 ? Math.min(...values) : Number.NaN);
    high.push(values.length > 0 ? Math.max(...values) : Number.NaN);
  }
  return { x, mean, low, high };
}

const lastOf = (curve: Curve): number => (curve.x.length > 0 ? (curve.x[curve.x.length - 1] as number) : -1);

function thinned(xs: ArrayLike<number>, points: number): number[] {
  const all = Array.from(xs);
  if (all.length <= points) return all;
  const stride = (all.length - 1) / (points - 1);
  return Array.from({ length: points }, (_, i) => all[Math.round(i * stride)] as number);
}
