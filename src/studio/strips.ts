/**
 * A layer over time, brought to as many columns as the page has room for.
 */
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

interface Place {
  readonly step: number;
  readonly at: number;
}

/** Null where there is no such layer. */
export function makeStrip(table: LayerTable, query: StripQuery): Strip | null {
  const { layer, kind, from = 0, to = Number.POSITIVE_INFINITY, columns } = query;
  const index = seriesOf(table, layer, kind);
  if (index === null) return null;
  const places = table.places(index, table.recordAt(from), table.recordAt(to + 1));
  const count = Math.min(places.length, Math.max(1, columns));
  const groups = Array.from({ length: count }, (_, c) => {
    const [begin, end] = [c, c + 1].map((i) => Math.floor((i * places.length) / count));
    return places.slice(begin, end);
  });
  const common = {
    layer,
    kind,
    first: groups.map((g) => (g[0] as Place).step),
    last: groups.map((g) => (g.at(-1) as Place).step),
  };
  return kind === "updates"
    ? { ...common, ...updateColumns(table.numbers, groups) }
    : { ...common, ...statisticsColumns(table.numbers, groups, places, table.header.bins) };
}

/** The series of a layer; of its updates that of the weight, where it has one. */
function seriesOf(table: LayerTable, layer: string, kind: LayerKind): number | null {
  const found = table.seriesWhere((s) => s.kind === kind && s.layer === layer);
  const weight = found.find((i) => table.header.series[i]?.parameter?.endsWith("weight") === true);
  return weight ?? found[0] ?? null;
}

type Columns = Omit<Strip, "layer" | "kind" | "first" | "last">;

/** Mean over the records of each column; NaN where one of them is. */
function averages(numbers: Float32Array, groups: readonly (readonly Place[])[], field: number): number[] {
  return groups.map((g) => g.reduce((sum, { at }) => sum + (numbers[at + field] as number), 0) / g.length);
}

/** Smallest or largest over the records of each column; NaN where one of them is. */
function bounds(
  numbers: Float32Array,
  groups: readonly (readonly Place[])[],
  field: number,
  choose: (...values: number[]) => number,
): number[] {
  return groups.map((g) => choose(...g.map(({ at }) => numbers[at + field] as number)));
}

function statisticsColumns(
  numbers: Float32Array,
  groups: readonly (readonly Place[])[],
  places: readonly Place[],
  bins: number,
): Columns {
  const field = (name: (typeof statisticsFields)[number]): number => statisticsFields.indexOf(name);
  const average = (name: (typeof statisticsFields)[number]): number[] =>
    averages(numbers, groups, field(name));
  const range = rangeOf(numbers, places);
  return {
    mean: average("mean").map(loose32),
    std: average("std").map(loose32),
    min: bounds(numbers, groups, field("min"), Math.min).map(loose32),
    max: bounds(numbers, groups, field("max"), Math.max).map(loose32),
    zeros: average("zeros"),
    dead: average("dead"),
    nonFinite: average("nonFinite"),
    ratio: [],
    ...range,
    bins,
    histogram: histogramOf(numbers, groups, { ...range, bins }),
  };
}

/** Mean: of update / weight; std: of the update; min and max: of update / weight. */
function updateColumns(numbers: Float32Array, groups: readonly (readonly Place[])[]): Columns {
  const ratios = groups.map((g) => g.map(({ at }) => (numbers[at] as number) / (numbers[at + 1] as number)));
  const mean = ratios.map((r) => r.reduce((a, b) => a + b, 0) / r.length);
  const none = groups.map(() => 0);
  const each = (choose: (...values: number[]) => number): Loose[] => ratios.map((r) => loose32(choose(...r)));
  return {
    mean: mean.map(loose32),
    std: averages(numbers, groups, 0).map(loose32),
    min: each(Math.min),
    max: each(Math.max),
    zeros: none,
    dead: none,
    nonFinite: ratios.map((r) => r.filter((v) => !Number.isFinite(v)).length / r.length),
    ratio: mean.map(loose32),
    low: 0,
    high: 1,
    bins: 0,
    histogram: "",
  };
}

/** Standard deviations from the mean that are shown. Gradients have a few elements far out, beside which all others are one. */
const shownDeviations = 8;

/** Of the rows: nearly all records reach no further. A few that do would leave all others in one row. */
function rangeOf(numbers: Float32Array, places: readonly Place[]): { low: number; high: number } {
  const sorted = (edge: (at: number) => number): Float64Array =>
    Float64Array.from(places.map(({ at }) => edge(at)).filter((v) => Number.isFinite(v))).sort();
  const number = (at: number, field: number): number => numbers[at + field] as number;
  const reach = (at: number): number => shownDeviations * number(at, stdField);
  const lows = sorted((at) => Math.max(number(at, minField), number(at, meanField) - reach(at)));
  const highs = sorted((at) => Math.min(number(at, maxField), number(at, meanField) + reach(at)));
  const low = lows[Math.floor(lows.length * 0.02)] ?? 0;
  const high = highs[Math.ceil(highs.length * 0.98) - 1] ?? 1;
  return high > low ? { low, high } : { low: low - 1, high: low + 1 };
}

interface Rows {
  readonly low: number;
  readonly high: number;
  readonly bins: number;
}

/** The counts of each record spread over the rows; what lies beyond them belongs to the outermost. */
function histogramOf(numbers: Float32Array, groups: readonly (readonly Place[])[], rows: Rows): string {
  const { bins } = rows;
  const counts = new Float64Array(groups.length * bins);
  groups.forEach((group, c) => {
    const column = counts.subarray(c * bins, (c + 1) * bins);
    for (const { at } of group) spread(numbers, at, column, rows);
  });
  const largest = counts.reduce((a, b) => Math.max(a, b), 0);
  const scale = largest === 0 ? 0 : 255 / Math.log1p(largest);
  return Buffer.from(Uint8Array.from(counts, (v) => Math.round(Math.log1p(v) * scale))).toString("base64");
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
    const [before, after] = [
      numbers[counts + Math.max(b - 1, 0)],
      numbers[counts + Math.min(b + 1, bins - 1)],
    ];
    const isPeak = mean > start && mean < end && deviation < width / 2;
    // How counts are spread over two rows is not seen.
    const share = width < 2 ? even : isPeak ? peaked(mean, deviation) : leaning(start, width, before, after);
    const whole = count / (share(end) - share(start));
    for (let row = first; row <= last; row++) {
      const lower = row === first ? start : row;
      const upper = row === last ? end : row + 1;
      column[row] = (column[row] as number) + whole * (share(upper) - share(lower));
    }
  }
}

/** How much lies below a place, but for a factor and a constant: what a bin's count is spread by over the rows that it covers. */
type Share = (place: number) => number;

/**
 * A few gradients far out make all bins of a record wide, and nearly everything lies in the one with the mean. How close to the
 * mean it lies is known all the same, from the standard deviation: it is spread as a Laplace distribution of both, which is
 * peaked as gradients are. Spread evenly, it would look as wide as the bin.
 */
function peaked(mean: number, deviation: number): Share {
  const scale = Math.SQRT2 / Math.max(deviation, 1e-6);
  return (place) => {
    const z = scale * (place - mean);
    return z < 0 ? Math.exp(z) : 2 - Math.exp(-z);
  };
}

/** Within any other bin density rises or falls from the count before it to that after it, on the colours' logarithmic scale. */
function leaning(start: number, width: number, before = 0, after = 0): Share {
  const slope = Math.log(Math.max(after, 0.5) / Math.max(before, 0.5)) / (2 * width);
  return Math.abs(slope) < 1e-6 ? even : (place) => Math.exp(slope * (place - start)) / slope;
}

const even: Share = (place) => place;
