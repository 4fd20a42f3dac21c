/** Curves of several runs in one chart, one by one or as mean and band over the seeds of the same settings. */
import type { RunDetail } from "../../../src/studio/protocol.ts";
import { settingText } from "../../../src/studio/settings.ts";
import { toNumber } from "../api/loose.ts";
import { bandOf, type Curve, valueAt } from "../charts/band.ts";
import type { ChartBand, ChartSeries, ChartSpec } from "../charts/chart-spec.ts";
import { smooth } from "../charts/smoothing.ts";
import { epochEnds, type SeriesView } from "../state/step-series.ts";
import type { MetricName, UrlState } from "../state/url-state.ts";
import { differingNames, groupBySettings, settingRows } from "./settings-table.ts";

export interface Compared {
  readonly detail: RunDetail;
  readonly rows: SeriesView;
}

const epochMetric: Partial<Record<MetricName, string>> = {
  validationLoss: "validation_loss",
  accuracy: "accuracy",
  validationAccuracy: "validation_accuracy",
};

/** One run's curve of a metric. Metrics of an epoch stand where the epoch ends. */
export function curveOf(
  { detail, rows }: Compared,
  metric: MetricName,
  view: Pick<UrlState, "x" | "smooth">,
): Curve {
  const x = view.x === "time" ? rows.seconds : rows.step;
  const name = epochMetric[metric];
  if (name === undefined) {
    return { x, y: metric === "lr" ? rows.lr : smooth(rows.loss, view.smooth) };
  }
  const ends = epochEnds(rows);
  const points = detail.epochs.flatMap((metrics) => {
    const row = ends.get(toNumber(metrics.epoch));
    return row === undefined || metrics[name] === undefined
      ? []
      : [[x[row] as number, toNumber(metrics[name])]];
  });
  return { x: points.map((point) => point[0] as number), y: points.map((point) => point[1] as number) };
}

/** What sets a group of runs apart, in words. */
export function groupLabel(group: readonly RunDetail[], differing: readonly string[], seeds: string): string {
  const [first] = group;
  if (first === undefined) return "";
  const settings = differing.map((name) => `${name}=${settingText(first.settings[name]) || "–"}`).join(", ");
  return `${settings || first.name} (${seeds})`;
}

/** A name of its own for each run: one that is used twice has beside it what sets the run apart, or else its id. */
export function uniqueNames(runs: readonly RunDetail[]): readonly string[] {
  const named = runs.map((run) => {
    const namesakes = runs.filter(({ name }) => name === run.name);
    const rows = settingRows(namesakes).filter((row) => row.differs);
    const place = namesakes.indexOf(run);
    const settings = rows.map((row) => `${row.name}=${row.values[place] || "–"}`).join(", ");
    return settings === "" ? run.name : `${run.name} (${settings})`;
  });
  return named.map((name, i) =>
    named.filter((other) => other === name).length > 1 ? `${name} (${runs[i]?.id})` : name,
  );
}

export interface CompareOptions {
  readonly metric: MetricName;
  readonly grouped: boolean;
  readonly view: Pick<UrlState, "x" | "xLog" | "yLog" | "smooth">;
  readonly title: string;
  readonly format: (value: number) => string;
  readonly tick?: (value: number) => string;
  readonly seeds: (n: number) => string;
}

/** Curves brought to one x: the places of all of them, where each has its value on the line between its points. */
function aligned(curves: readonly Curve[]): { x: number[]; columns: number[][] } {
  const x = [...new Set(curves.flatMap((curve) => Array.from(curve.x)))].sort((a, b) => a - b);
  return { x, columns: curves.map((curve) => x.map((place) => valueAt(curve, place))) };
}

const gaps = (values: readonly number[]): (number | null)[] =>
  values.map((value) => (Number.isFinite(value) ? value : null));

export function compareSpec(runs: readonly Compared[], options: CompareOptions): ChartSpec {
  const { metric, grouped, view, title, format, seeds } = options;
  const tick = options.tick === undefined ? {} : { tick: options.tick };
  const common = { title, axis: view.x, xLog: view.xLog, yLog: view.yLog, format, ...tick };
  const details = runs.map((run) => run.detail);
  const names = uniqueNames(details);
  const curves = new Map(runs.map((run) => [run.detail.id, curveOf(run, metric, view)]));
  const of = (run: RunDetail): Curve => curves.get(run.id) ?? { x: [], y: [] };
  if (!grouped) {
    const { x, columns } = aligned(details.map(of));
    const series = columns.map(
      (values, i): ChartSeries => ({ label: names[i] ?? "", values: gaps(values), style: i, look: "line" }),
    );
    return { ...common, x, series };
  }
  const differing = differingNames(details);
  const groups = groupBySettings(details);
  const bands = groups.map((group) => bandOf(group.map(of)));
  const { x, columns } = aligned(
    bands.flatMap(({ x: places, mean, low, high }) => [mean, low, high].map((y) => ({ x: places, y }))),
  );
  const column = (i: number): (number | null)[] => gaps(columns[i] ?? []);
  return {
    ...common,
    x,
    series: groups.map((group, i) => ({
      label: groupLabel(group, differing, seeds(group.length)),
      values: column(3 * i),
      style: i,
      look: "line",
    })),
    bands: groups.flatMap((group, i): ChartBand[] =>
      group.length > 1 ? [{ low: column(3 * i + 1), high: column(3 * i + 2), style: i }] : [],
    ),
  };
}
