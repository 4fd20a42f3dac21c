/** Histograms as PyTorch's SummaryWriter makes them for TensorBoard. */
import { ArgumentError } from "../../base/errors.ts";
import { written } from "../../base/options.ts";

/** What TensorBoard stores of a histogram: `bucket[i]` values lie between `bucketLimit[i - 1]` and `bucketLimit[i]`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** Upper ends of the buckets. */
  readonly bucketLimit: readonly number[];
  readonly bucket: readonly number[];
}

/** "tensorflow" for buckets that grow by a tenth from 1e-12 on, a number of equal ones, or the ends of all of them. */
export type Bins = "tensorflow" | number | readonly number[];

let growing: readonly number[] | undefined;

/** The ends that TensorFlow uses. */
function growingEnds(): readonly number[] {
  if (growing !== undefined) return growing;
  const positive: number[] = [];
  for (let v = 1e-12; v < 1e20; v *= 1.1) positive.push(v);
  growing = [...positive.map((v) => -v).reverse(), 0, ...positive];
  return growing;
}

function endsOf(bins: Bins, min: number, max: number): readonly number[] {
  if (bins === "tensorflow") return growingEnds();
  if (typeof bins !== "number") return bins;
  // A single value lies in the middle.
  const [first, last] = min === max ? [min - 0.5, max + 0.5] : [min, max];
  const step = (last - first) / bins;
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? last : first + i * step));
}

/** @throws ArgumentError when bins are none of what {@link Bins} says */
export function checkBins(bins: unknown, maxBins: unknown): void {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
  const isRising =
    Array.isArray(bins) &&
    bins.length >= 2 &&
    bins.every((x, i) => Number.isFinite(x) && (i === 0 || x > (bins[i - 1] as number)));
  if (bins !== "tensorflow" && !isCount(bins) && !isRising) {
    throw new ArgumentError(
      `addHistogram: bins is ${written(bins)}; pass "tensorflow", a number of buckets, or their rising ends`,
      { bins },
    );
  }
  if (maxBins !== undefined && !isCount(maxBins)) {
    throw new ArgumentError(`addHistogram: maxBins is ${String(maxBins)}; pass an integer of 1 or more`, {
      maxBins,
    });
  }
}

/** Counts values between ends; values outside, and NaN, are in none. The last bucket includes its upper end. */
function count(values: ArrayLike<number>, ends: readonly number[]): number[] {
  const counts = new Array<number>(ends.length - 1).fill(0);
  const last = ends.at(-1) as number;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(value >= (ends[0] as number) && value <= last)) continue;
    let [low, high] = [0, counts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value >= (ends[middle] as number)) low = middle;
      else high = middle;
    }
    counts[low] = (counts[low] as number) + 1;
  }
  return counts;
}

/** Joins neighbours until there are about `most`, as PyTorch does. */
function joined(counts: readonly number[], ends: readonly number[], most: number): [number[], number[]] {
  const each = Math.floor(counts.length / most);
  const fewer: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i < counts.length; i += each) {
    fewer.push(counts.slice(i, i + each).reduce((a, b) => a + b, 0));
    limits.push(ends[i] as number);
  }
  return [fewer, [...limits, ends.at(-1) as number]];
}

/** @throws ArgumentError when no value lies in any bucket */
export function histogramOf(
  values: ArrayLike<number>,
  { bins = "tensorflow", maxBins }: { bins?: Bins; maxBins?: number | undefined },
): Histogram {
  let [min, max, sum, sumSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumSquares += value * value;
  }
  const isBounded = Number.isFinite(min) && Number.isFinite(max);
  let ends = typeof bins === "number" && !isBounded ? [] : endsOf(bins, min, max);
  let counts = ends.length === 0 ? [] : count(values, ends);
  if (maxBins !== undefined && counts.length > maxBins) [counts, ends] = joined(counts, ends, maxBins);
  const start = counts.findIndex((n) => n > 0);
  if (start < 0) {
    throw new ArgumentError(
      `addHistogram: of ${values.length} values (min ${min}, max ${max}) none lies in a bucket; leave out what is empty or NaN, ` +
        "or pass other bins",
      { min, max, bins },
    );
  }
  const end = counts.findLastIndex((n) => n > 0) + 1;
  // TensorBoard knows upper ends only: an empty bucket before the first says where that begins.
  return {
    ...{ min, max, num: values.length, sum, sumSquares },
    bucketLimit: ends.slice(start, end + 1),
    bucket: [0, ...counts.slice(start, end)],
  };
}
