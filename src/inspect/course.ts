/**
 * How numbers go over a training, past the noise of single steps and epochs.
 */

/** The upper one of the two in the middle, where their number is even. */
export function median(values: readonly number[]): number {
  // Sorts numbers without asking a function which is larger: a long training has a hundred thousand losses.
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The last quarter of what was recorded: how it is now, without the noise of a single step. */
export function recent<T>(steps: readonly T[]): readonly T[] {
  return steps.slice(-Math.max(1, Math.ceil(steps.length / 4)));
}

/** Whether the loss went down from the beginning, without a leap: then large steps were steps in the right direction. */
export function fallsAtOnce(losses: readonly number[]): boolean {
  const early = losses.slice(0, 100);
  const [first = Number.NaN] = early;
  return Math.max(...early) < 1.5 * first && median(recent(early)) < 0.8 * first;
}

/** Medians of each value and its two neighbours: a single lucky or unlucky epoch is not among them. */
export const smoothed = (values: readonly number[]): number[] =>
  values.slice(2).map((c, i) => {
    const [a, b] = [values[i] as number, values[i + 1] as number];
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  });

/** By which factor values jump from one to the next beside their trend, as one standard deviation of their logarithms. */
export function jumpsOf(values: readonly number[]): number {
  const logs = values.map(Math.log);
  // Second differences know no trend. Those of independent values spread by the root of 6, half of them below 1.65.
  const bends = logs.slice(2).map((v, i) => Math.abs(v - 2 * (logs[i + 1] as number) + (logs[i] as number)));
  return median(bends) / 1.65;
}
