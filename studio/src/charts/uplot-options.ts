/** A chart's specification in the words of uPlot. */
import type uPlot from "uplot";
import { formatDuration } from "../i18n/format.ts";
import { colorNamed, faint } from "../state/theme.svelte.ts";
import { axisWidth } from "./axis-width.ts";
import {
  alonePoints,
  brokenRanges,
  type ChartBand,
  type ChartSeries,
  type ChartSpec,
  dashOf,
  hueOf,
} from "./chart-spec.ts";
import { hatch } from "./hatch.ts";

const fontOf = (): string => `12px ${getComputedStyle(document.documentElement).fontFamily}`;

/** Missing values, and those that no axis can hold, are gaps. */
function plain(values: ArrayLike<number | null>, positiveOnly: boolean): (number | null)[] {
  return Array.from(values, (value) =>
    value === null || !Number.isFinite(value) || (positiveOnly && value <= 0) ? null : value,
  );
}

/** The data of a chart: x, the series, then low and high of each band. */
export function dataOf(spec: ChartSpec): uPlot.AlignedData {
  const bands = (spec.bands ?? []).flatMap((band) => [band.low, band.high]);
  return [
    Array.from(spec.x),
    ...spec.series.map((series) => plain(series.values, spec.yLog)),
    ...bands.map((values) => plain(values, spec.yLog)),
  ];
}

/** More points than this hide the line that they lie on. */
const mostPoints = 60;

const hasPoints = ({ look, values }: ChartSeries): boolean =>
  look === "points" && Array.from(values).filter((value) => value !== null).length <= mostPoints;

function seriesOptions(series: ChartSeries): uPlot.Series {
  const color = colorNamed(hueOf(series.style));
  const isFaint = series.look === "faint";
  const spansGaps = series.spanGaps ?? false;
  return {
    label: series.label,
    stroke: isFaint ? faint(color, 0.3) : color,
    width: isFaint ? 1 : 2,
    dash: isFaint ? [] : [...dashOf(series.style)],
    spanGaps: spansGaps,
    points: {
      size: 6,
      stroke: color,
      fill: color,
      show: hasPoints(series) || !spansGaps,
      // Lines over gaps lead to every value.
      ...(hasPoints(series) || spansGaps
        ? {}
        : { filter: (u, at) => alonePoints(u.data[at] as (number | null)[]) }),
    },
  };
}

/** Edges of a band: they are there to be filled between. */
const edges = (bands: readonly ChartBand[]): uPlot.Series[] =>
  bands.flatMap(() => [0, 1].map(() => ({ stroke: "transparent", width: 0, points: { show: false } })));

function scales(spec: ChartSpec): uPlot.Scales {
  return {
    x: { time: false, distr: spec.xLog ? 3 : 1 },
    y: { distr: spec.yLog ? 3 : 1 },
  };
}

/** Distances of marks along an axis of steps. */
const wholeNumbers = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

function axes(spec: ChartSpec, xName: string): uPlot.Axis[] {
  const common = {
    stroke: colorNamed("--ink-soft"),
    grid: { stroke: colorNamed("--line"), width: 1 },
    ticks: { show: false },
    font: fontOf(),
  };
  // uPlot leaves out labels of a logarithmic axis by giving null.
  const texts = (format: (value: number) => string) => (_: uPlot, values: (number | null)[]) =>
    values.map((value) => (value === null ? "" : format(value)));
  const short = (value: number): string =>
    value.toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "−");
  const tiny = (value: number): string =>
    value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
      ? value.toExponential().replace("e+", "e").replaceAll("-", "−")
      : short(value);
  return [
    {
      ...common,
      space: 48,
      size: 24,
      // There are no steps between steps; on a logarithmic axis marks are powers of ten.
      ...(spec.axis !== "time" && !spec.xLog ? { incrs: wholeNumbers } : {}),
      values: texts(spec.axis === "time" ? formatDuration : short),
      label: xName,
      labelSize: 16,
      labelFont: fontOf(),
      labelGap: 0,
    },
    { ...common, space: 32, size: (_, values) => axisWidth(values), values: texts(spec.tick ?? tiny) },
  ];
}

/** What keys make of the range that is shown. */
export const zoomFactors: Readonly<Record<string, number>> = { "+": 0.5, "=": 0.5, "-": 2 };

/** Scales the shown range around a place, within what there is. @returns Whether less than the whole is shown then. */
export function zoomAround(plot: uPlot, place: number, factor: number): boolean {
  const [first, last] = [plot.data[0][0] ?? 0, plot.data[0].at(-1) ?? 1];
  const { min = first, max = last } = plot.scales.x as { min?: number; max?: number };
  const size = (max - min) * factor;
  const isPart = size < last - first;
  const wanted = place - ((place - min) / (max - min || 1)) * size;
  const from = isPart ? Math.min(Math.max(wanted, first), last - size) : first;
  plot.setScale("x", { min: from, max: isPart ? from + size : last });
  return isPart;
}

/** Where the first curve is no finite number, the chart is red. */
function markBroken(spec: ChartSpec): (u: uPlot) => void {
  const ranges = brokenRanges(spec);
  return (u) => {
    const { left, top, width, height } = u.bbox;
    for (const [from, to] of ranges) {
      const start = Math.max(u.valToPos(from, "x", true), left);
      const end = Math.min(Math.max(u.valToPos(to, "x", true), start + 3), left + width);
      if (end > start) hatch(u.ctx, start, top, end - start, height);
    }
  };
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** @param xName What the horizontal axis is, in the page's language. */
export function optionsOf(
  spec: ChartSpec,
  xName: string,
  size: ChartSize,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const bands = spec.bands ?? [];
  const first = 1 + spec.series.length;
  return {
    ...size,
    scales: scales(spec),
    axes: axes(spec, xName),
    series: [{}, ...spec.series.map(seriesOptions), ...edges(bands)],
    bands: bands.map((band, i) => ({
      series: [first + 2 * i + 1, first + 2 * i],
      fill: faint(colorNamed(hueOf(band.style)), 0.18),
    })),
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: {
      sync: { key: `studio-${spec.axis}` },
      drag: { x: true, y: false, dist: 6 },
      points: { size: 7 },
      y: false,
    },
    hooks: {
      drawClear: [markBroken(spec)],
      setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
    },
  };
}
