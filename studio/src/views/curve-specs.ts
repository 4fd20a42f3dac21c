/** The charts of a run, from its rows and epochs. */
import type { RunDetail } from "../../../src/studio/protocol.ts";
import { toNumber } from "../api/loose.ts";
import type { ChartSeries, ChartSpec } from "../charts/chart-spec.ts";
import { imagesPerSecond } from "../charts/rates.ts";
import { smooth } from "../charts/smoothing.ts";
import { formatPlain, formatRate, formatShare, formatShareTick, formatValue } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages-en.ts";
import { epochEnds, type SeriesView } from "../state/step-series.ts";
import type { UrlState } from "../state/url-state.ts";

export type CurveName = "loss" | "accuracy" | "lr" | "speed";

export interface CurveInput {
  readonly rows: SeriesView;
  readonly epochs: RunDetail["epochs"];
  readonly view: Pick<UrlState, "x" | "xLog" | "yLog" | "smooth">;
  readonly t: Messages;
}

/** A metric of the epochs, each at the row where its epoch ends. */
function atEpochEnds(name: string, { rows, epochs }: CurveInput): (number | null)[] {
  const values = new Array<number | null>(rows.step.length).fill(null);
  const ends = epochEnds(rows);
  for (const metrics of epochs) {
    const row = ends.get(toNumber(metrics.epoch));
    if (row !== undefined && metrics[name] !== undefined) values[row] = toNumber(metrics[name]);
  }
  return values;
}

const hasValues = (values: readonly (number | null)[]): boolean => values.some((value) => value !== null);

/** A curve with a point for each epoch; left out where no epoch has the metric. */
function epochSeries(label: string, style: number, name: string, input: CurveInput): ChartSeries[] {
  const values = atEpochEnds(name, input);
  return hasValues(values) ? [{ label, values, style, look: "points", spanGaps: true }] : [];
}

function lossSeries(input: CurveInput): ChartSeries[] {
  const { rows, view, t } = input;
  const raw: ChartSeries = { label: t.trainingLoss, values: rows.loss, style: 0, look: "line" };
  const validation = epochSeries(t.validation, 1, "validation_loss", input);
  if (view.smooth === 0) return [raw, ...validation];
  const smoothed: ChartSeries = {
    label: t.smoothedLoss,
    values: smooth(rows.loss, view.smooth),
    style: 0,
    look: "line",
  };
  return [{ ...raw, look: "faint" }, smoothed, ...validation];
}

/** The four charts. */
export function curveSpecs(input: CurveInput): Readonly<Record<CurveName, ChartSpec>> {
  const { rows, view, t } = input;
  const common = {
    axis: view.x,
    x: view.x === "time" ? rows.seconds : rows.step,
    xLog: view.xLog,
    yLog: false,
  };
  const accuracy = [
    ...epochSeries(t.trainingLoss, 0, "accuracy", input),
    ...epochSeries(t.validation, 1, "validation_accuracy", input),
  ];
  const lr: ChartSeries = { label: t.learningRate, values: rows.lr, style: 0, look: "line" };
  const speed: ChartSeries = {
    label: t.imagesPerSecond,
    // A rate that cannot be told yet is no breakdown.
    values: Array.from(smooth(imagesPerSecond(rows.seconds, rows.samples), view.smooth), (rate) =>
      Number.isNaN(rate) ? null : rate,
    ),
    style: 0,
    look: "line",
  };
  return {
    loss: { ...common, title: t.loss, yLog: view.yLog, series: lossSeries(input), format: formatValue },
    accuracy: {
      ...common,
      x: accuracy.length > 0 ? common.x : [],
      title: t.accuracy,
      series: accuracy,
      format: formatShare,
      tick: formatShareTick,
    },
    lr: { ...common, title: t.learningRate, yLog: view.yLog, series: [lr], format: formatPlain },
    speed: { ...common, title: t.imagesPerSecond, series: [speed], format: formatRate },
  };
}
