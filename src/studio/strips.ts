/**
 * A layer over time, brought to as many columns as the page has room for.
 */
import { rounded } from "../base/rounded.ts";
import { type LayerKind, statisticsFields } from "../train/recording/layer-log.ts";
import type { LayerTable } from "./layer-table.ts";
import { loose32 } from "./loose.ts";
import type { Loose, Strip } from "./protocol.ts";

const minField = statisticsFields.indexOf("min");
const maxField = statisticsFields.indexOf("max");
const meanField = statisticsFields.indexOf("mean");
const stdField = statisticsFields.indexOf("std");

/** What is asked for. */
export interface StripQuery {
  readonly layer: string;
  readonly kind: LayerKind;
  /** First and last step. Default: all. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Columns at most. */
  readonly columns: number;
}

/** Records in columns: those of column c are `at[ends[c]]` up to, and not with, `at[ends[c + 1]]`. */
interface Groups {
  readonly at: Uint32Array;
  readonly ends: Uint32Array;
}

/** Null where there is no such layer. */
export function makeStrip(table: LayerTable, query: StripQuery): Strip | null {
  const { layer, kind, from = 0, to = Number.POSITIVE_INFINITY, columns } = query;
  const index = seriesOf(table, layer, kind);
  if (index === null) return null;
  const { steps, at } = table.placeColumns(index, table.recordAt(from), table.recordAt(to + 1));
  const count = Math.min(at.length, Math.max(1, columns));
  const ends = Uint32Array.from({ length: count + 1 }, (_, c) => Math.floor((c * at.length) / count));
  const groups: Groups = { at, ends };
  const common = {
    layer,
    kind,
    first: each(groups, (begin) => steps[begin] as number),
    last: each(groups, (_, end) => steps[end - 1] as number),
  };
  return kind === "updates"
    ? { ...common, ...updateColumns(table.numbers, groups) }
    : { ...common, ...statisticsColumns(table.numbers, groups, table.header.bins) };
}

/** A value of each column, of the records from one up to, and not with, another. */
function each<T>({ ends }: Groups, value: (begin: number, end: number) => T): T[] {
  const values = new Array<T>(ends.length - 1);
  for (let c = 0; c < values.length; c++) values[c] = value(ends[c] as number, ends[c + 1] as number);
  return values;
}

/** The series of a layer; of its updates that of the weight, where it has one. */
function seriesOf(table: LayerTable, layer: string, kind: LayerKind): number | null {
  const found = table.seriesWhere((s) => s.kind === kind && s.layer === layer);
  const weight = found.find((i) => table.header.series[i]?.parameter?.endsWith("weight") === true);
  return weight ?? found[0] ?? null;
}

type Columns = Omit<Strip, "layer" | "kind" | "first" | "last">;

type Numbers = Float32Array | Float64Array;

/** Mean over the records of each column; NaN where one of them is. */
function averages(numbers: Numbers, groups: Groups, field: number): number[] {
  return each(groups, (begin, end) => {
    let sum = 0;
    for (let i = begin; i < end; i++) sum += numbers[(groups.at[i] as number) + field] as number;
    return sum / (end - begin);
  });
}

/** Smallest or largest over the records of each column; NaN where one of them is. */
function bounds(
  numbers: Numbers,
  groups: Groups,
  field: number,
  choose: (a: number, b: number) => number,
): Loose[] {
  return each(groups, (begin, end) => {
    let found = numbers[(groups.at[begin] as number) + field] as number;
    for (let i = begin + 1; i < end; i++)
      found = choose(found, numbers[(groups.at[i] as number) + field] as number);
    return loose32(found);
  });
}

function statisticsColumns(numbers: Float32Array, groups: Groups, bins: number): Columns {
  const field = (name: (typeof statisticsFields)[number]): number => statisticsFields.indexOf(name);
  const average = (name: (typeof statisticsFields)[number]): number[] =>
    averages(numbers, groups, field(name));
  const share = (name: (typeof statisticsFields)[number]): number[] =>
    average(name).map((value) => rounded(value, 7));
  const range = rangeOf(numbers, groups.at);
  return {
    mean: average("mean").map(loose32),
    std: average("std").map(loose32),
    min: bounds(numbers, groups, field("min"), Math.min),
    max: bounds(numbers, groups, field("max"), Math.max),
    zeros: share("zeros"),
    dead: share("dead"),
    nonFinite: share("nonFinite"),
    ratio: [],
    ...range,
    bins,
    histogram: histogramOf(numbers, groups, { ...range, bins }),
  };
}

/** Mean: of update / weight; std: of the update; min and max: of update / weight. */
function updateColumns(numbers: Float32Array, groups: Groups): Columns {
  const ratios = Float64Array.from(groups.at, (at) => (numbers[at] as number) / (numbers[at + 1] as number));
  const ofRatios: Groups = { at: Uint32Array.from(ratios.keys()), ends: groups.ends };
  const mean = averages(ratios, ofRatios, 0).map(loose32);
  const none = each(groups, () => 0);
  return {
    mean,
    std: averages(numbers, groups, 0).map(loose32),
    min: bounds(ratios, ofRatios, 0, Math.min),
    max: bounds(ratios, ofRatios, 0, Math.max),
    zeros: none,
    dead: none,
    nonFinite: each(groups, (begin, end) => {
      let count = 0;
      for (let i = begin; i < end; i++) if (!Number.isFinite(ratios[i])) count++;
      return count / (end - begin);
    }),
    ratio: mean,
    low: 0,
    high: 1,
    bins: 0,
    histogram: "",
  };
}

/** Standard deviations from the mean that are shown. Gradients have a few elements far out, beside which all others are one. */
const shownDeviations = 8;

/** Of the rows: nearly all records reach no further. A few that do would leave all others in one row. */
function rangeOf(numbers: Float32Array, places: Uint32Array): { low: number; high: number } {
  const [lows, highs] = [new Float64Array(places.length), new Float64Array(places.length)];
  let [lowCount, highCount] = [0, 0];
  for (const at of places) {
    const mean = numbers[at + meanField] as number;
    const reach = shownDeviations * (numbers[at + stdField] as number);
    const low = Math.max(numbers[at + minField] as number, mean - reach);
    const high = Math.min(numbers[at + maxField] as number, mean + reach);
    if (Number.isFinite(low)) lows[lowCount++] = low;
    if (Number.isFinite(high)) highs[highCount++] = high;
  }
  const [sortedLows, sortedHighs] = [lows.subarray(0, lowCount).sort(), highs.subarray(0, highCount).sort()];
  const low = sortedLows[Math.floor(lowCount * 0.02)] ?? 0;
  const high = sortedHighs[Math.ceil(highCount * 0.98) - 1] ?? 1;
  return high > low ? { low, high } : { low: low - 1, high: low + 1 };
}

interface Rows {
  readonly low: number;
  readonly high: number;
  readonly bins: number;
}

/** The counts of each record spread over the rows; what lies beyond them belongs to the outermost. */
function histogramOf(numbers: Float32Array, { at, ends }: Groups, rows: Rows): string {
  const { bins } = rows;
  const counts = new Float64Array((ends.length - 1) * bins);
  for (let c = 0; c < ends.length - 1; c++) {
    const column = counts.subarray(c * bins, (c + 1) * bins);
    for (let i = ends[c] as number; i < (ends[c + 1] as number); i++) {
      spread(numbers, at[i] as number, column, rows);
    }
  }
  return shadesOf(counts).toString("base64");
}

/** Logarithms of 1 + i / 1024, in the middle between each and the next. */
const logarithms = Float64Array.from({ length: 1024 }, (_, i) => Math.log1p((i + 0.5) / 1024));
/** Where all counts are smaller, shades are closer together than what such a logarithm is off by. */
const leastLookedUp = 15;

/** Logarithms of the counts in bytes; 255 is the largest. */
function shadesOf(counts: Float64Array): Buffer {
  let largest = 0;
  for (let i = 0; i < counts.length; i++) largest = Math.max(largest, counts[i] as number);
  const bytes = Buffer.alloc(counts.length);
  if (largest === 0) return bytes;
  const scale = 255 / Math.log1p(largest);
  if (largest < leastLookedUp) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(Math.log1p(counts[i] as number) * scale);
    return bytes;
  }
  // A float32 is its exponent and its first digits, by which its logarithm is looked up, a twentieth of a shade off at most:
  // computing it, for all counts of a strip, takes four times as long.
  const floats = new Float32Array(counts.length);
  for (let i = 0; i < floats.length; i++) floats[i] = 1 + (counts[i] as number);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < bytes.length; i++) {
    const one = bits[i] as number;
    // That of 1: nothing is counted here.
    if (one === 0x3f800000) continue;
    const logarithm = ((one >>> 23) - 127) * Math.LN2 + (logarithms[(one >>> 13) & 1023] as number);
    bytes[i] = Math.min(255, Math.round(logarithm * scale));
  }
  return bytes;
}

function spread(numbers: Float32Array, at: number, column: Float64Array, { low, high, bins }: Rows): void {
  let from = numbers[at + minField] as number;
  let to = numbers[at + maxField] as number;
  if (!Number.isFinite(from) || !Number.isFinite(to)) return;
  // As the histogram was made: one to either side where all elements are equal.
  if (from === to) [from, to] = [from - 1, to + 1];
  const scale = bins / (high - low);
  const mean = ((numbers[at + meanField] as number) - low) * scale;
  const deviation = (numbers[at + stdField] as number) * scale;
  const origin = (from - low) * scale;
  const width = ((to - from) / bins) * scale;
  const counts = at + statisticsFields.length;
  for (let b = 0; b < bins; b++) {
    const count = numbers[counts + b] as number;
    if (count === 0) continue;
    const start = origin + b * width;
    const end = start + width;
    const first = Math.min(bins - 1, Math.max(0, Math.floor(start)));
    const last = Math.min(bins - 1, Math.max(0, Math.floor(end)));
    // All in one row, or so narrow that both ends round to the same number.
    if (first === last || !(end > start)) {
      column[first] = (column[first] as number) + count;
      continue;
    }
    const isPeak = mean > start && mean < end && deviation < width / 2;
    // How counts are spread over two rows is not seen.
    const shape = width < 2 ? 0 : isPeak ? peaked : leaning;
    const before = numbers[counts + Math.max(b - 1, 0)];
    const after = numbers[counts + Math.min(b + 1, bins - 1)];
    const steepness =
      shape === peaked ? Math.SQRT2 / Math.max(deviation, 1e-6) : slopeOf(width, before, after);
    const centre = shape === peaked ? mean : start;
    let below = shareBelow(shape, steepness, start - centre);
    const whole = count / (shareBelow(shape, steepness, end - centre) - below);
    for (let row = first; row <= last; row++) {
      const above = shareBelow(shape, steepness, (row === last ? end : row + 1) - centre);
      column[row] = (column[row] as number) + whole * (above - below);
      below = above;
    }
  }
}

/**
 * A few gradients far out make all bins of a record wide, and nearly everything lies in the one with the mean. How close to the
 * mean it lies is known all the same, from the standard deviation: it is spread as a Laplace distribution of both, which is
 * peaked as gradients are. Spread evenly, it would look as wide as the bin.
 */
const peaked = 1;
/** Within any other bin density rises or falls from the count before it to that after it, on the colours' logarithmic scale. */
const leaning = 2;

const slopeOf = (width: number, before = 0, after = 0): number =>
  Math.log(Math.max(after, 0.5) / Math.max(before, 0.5)) / (2 * width);

/** How much lies below a place, but for a factor and a constant: what a bin's count is spread by over the rows that it covers. */
function shareBelow(shape: 0 | 1 | 2, steepness: number, place: number): number {
  if (shape === peaked) {
    const z = steepness * place;
    return z < 0 ? Math.exp(z) : 2 - Math.exp(-z);
  }
  return shape === leaning && Math.abs(steepness) >= 1e-6 ? Math.exp(steepness * place) / steepness : place;
}
