/** What a chart shows, before any library sees it; and what it says in words. */
import { formatCount, formatDuration } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages-en.ts";
import type { XAxis } from "../state/url-state.ts";
import type { CsvColumn } from "./csv.ts";
import { factsOf } from "./describe.ts";

export interface ChartSeries {
  readonly label: string;
  /** Values beside the chart's x; null where there is none, NaN where it is no finite number. */
  readonly values: ArrayLike<number | null>;
  /** Number of the series' hue and dash, from 0. */
  readonly style: number;
  readonly look: "line" | "faint" | "points";
  /** Lines of a value at few places (an epoch's) go on over the places between. */
  readonly spanGaps?: boolean;
}

/** An area between two columns of values. */
export interface ChartBand {
  readonly low: ArrayLike<number | null>;
  readonly high: ArrayLike<number | null>;
  readonly style: number;
}

export interface ChartSpec {
  readonly title: string;
  readonly axis: XAxis | "epoch";
  readonly x: ArrayLike<number>;
  readonly series: readonly ChartSeries[];
  readonly bands?: readonly ChartBand[];
  readonly xLog: boolean;
  readonly yLog: boolean;
  readonly format: (value: number) => string;
  /** Numbers along the vertical axis, where they are not written plainly. */
  readonly tick?: (value: number) => string;
}

/** Dashes beside the hues, in pixels; the first is a solid line. */
export const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [1, 5]];
export const hues = 6;

export const dashOf = (style: number): readonly number[] => dashes[style % dashes.length] ?? [];
export const hueOf = (style: number): `--${string}` => `--series-${(style % hues) + 1}`;

export const formatX = (axis: ChartSpec["axis"], x: number): string =>
  axis === "time" ? formatDuration(x) : formatCount(x);

export const axisName = (axis: ChartSpec["axis"], t: Messages): string =>
  axis === "time" ? t.elapsed : axis === "epoch" ? t.epoch : t.step;

/** The chart's text alternative. */
export function summaryOf(spec: ChartSpec, t: Messages): string {
  const axis = axisName(spec.axis, t).toLowerCase();
  const sentences = spec.series
    .filter((series) => series.look !== "faint")
    .map((series) => {
      const facts = factsOf(spec.x, series.values);
      if (facts === null) return t.noFinite(series.label);
      const [x, y] = [(value: number) => formatX(spec.axis, value), spec.format];
      const sentence = t.curveSummary({
        name: series.label,
        axis,
        firstX: x(facts.first.x),
        firstY: y(facts.first.y),
        lastX: x(facts.last.x),
        lastY: y(facts.last.y),
        lowX: x(facts.lowest.x),
        lowY: y(facts.lowest.y),
        highX: x(facts.highest.x),
        highY: y(facts.highest.y),
      });
      return facts.brokenAt === null ? sentence : `${sentence} ${t.curveBroken(axis, x(facts.brokenAt))}`;
    });
  return sentences.join(" ");
}

/** What the cursor is on, as a sentence. */
export function readingAt(spec: ChartSpec, index: number, t: Messages): string {
  const values = spec.series.flatMap((series) => {
    const value = series.values[index];
    return value === null || value === undefined ? [] : [`${series.label} ${spec.format(value)}`];
  });
  return `${axisName(spec.axis, t)} ${formatX(spec.axis, spec.x[index] ?? 0)}: ${values.join(", ")}`;
}

/** Every column of the chart, to be saved. */
export const columnsOf = (spec: ChartSpec): readonly CsvColumn[] => [
  { name: spec.axis === "time" ? "seconds" : spec.axis, values: spec.x },
  ...spec.series.map((series) => ({ name: series.label, values: series.values })),
];

/** Ranges of x in which the first series is no finite number. */
export function brokenRanges(spec: ChartSpec): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  const values = spec.series[0]?.values ?? [];
  let open: [number, number] | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const x = spec.x[i] as number;
    if (typeof value !== "number" || Number.isFinite(value)) {
      open = null;
      continue;
    }
    if (open === null) {
      open = [x, x];
      ranges.push(open);
    }
    open[1] = x;
  }
  return ranges;
}

/** Places of the values without neighbours, which no line leads to. */
export function alonePoints(values: readonly (number | null | undefined)[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const isThere = (at: number): boolean => typeof values[at] === "number";
    if (isThere(i) && !isThere(i - 1) && !isThere(i + 1)) found.push(i);
  }
  return found;
}
