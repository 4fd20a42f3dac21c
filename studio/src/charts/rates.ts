/** Speed and time left of a training, from its rows. Each takes what it looks at from the newest rows only. */

/** Rows over which a rate is measured: long enough for a steady number, short enough to follow a change. */
const windowRows = 25;

/**
 * Images per second at each row, over the rows before it; NaN for the first.
 *
 * @param seconds since the training began, ascending
 * @param samples images of each step
 */
export function imagesPerSecond(seconds: ArrayLike<number>, samples: ArrayLike<number>): Float64Array {
  const out = new Float64Array(seconds.length);
  let images = 0;
  for (let i = 0; i < seconds.length; i++) {
    const from = Math.max(0, i - windowRows);
    if (i > 0) images += samples[i] as number;
    if (from > 0) images -= samples[from] as number;
    const passed = (seconds[i] as number) - (seconds[from] as number);
    out[i] = passed > 0 ? images / passed : Number.NaN;
  }
  return out;
}

/** Seconds until the last step, or null where it cannot be told. */
export function secondsLeft(
  seconds: ArrayLike<number>,
  steps: ArrayLike<number>,
  stepsTotal: number | null,
): number | null {
  const last = seconds.length - 1;
  if (stepsTotal === null || last < 1) return null;
  const from = Math.max(0, last - 4 * windowRows);
  const passed = (seconds[last] as number) - (seconds[from] as number);
  const done = (steps[last] as number) - (steps[from] as number);
  if (!(passed > 0) || done <= 0) return null;
  return Math.max(0, ((stepsTotal - (steps[last] as number)) * passed) / done);
}
