/** Smoothing of curves, as TensorBoard does it: an exponential average without the pull of its start at zero. */

/**
 * s[t] = factor * s[t-1] + (1 - factor) * y[t], divided by 1 - factor^t. Values that are no finite numbers are gaps:
 * they stay in the result, so that they are seen, and the average goes on behind them.
 *
 * @param factor 0 (no smoothing) up to, but not, 1
 */
export function smooth(values: ArrayLike<number>, factor: number): Float64Array {
  const out = new Float64Array(values.length);
  let average = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    average = factor * average + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    out[i] = average / weight;
  }
  return out;
}
