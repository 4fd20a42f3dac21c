import { expect, test } from "vitest";
import type { RunDetail } from "../../../src/studio/protocol.ts";
import { StepSeries } from "../state/step-series.ts";
import { type Compared, type CompareOptions, compareSpec } from "./compare-data.ts";

function run(id: string, lr: number, seed: number, offset: number): Compared {
  const step = [1, 2, 3, 4];
  const detail: RunDetail = {
    id,
    name: "net",
    status: "done",
    startedAt: "2026-01-01T00:00:00Z",
    seed,
    settings: { lr, seed },
    tags: [],
    layers: [],
    verdicts: [],
    epochs: [
      { epoch: 1, validation_accuracy: 0.5 + offset / 10 },
      { epoch: 2, validation_accuracy: 0.75 },
    ],
    stepCount: 4,
    stepsTotal: 4,
    stepsPerEpoch: 2,
    recorded: null,
    snapshots: [],
    classes: [],
  };
  const series = new StepSeries();
  series.put(0, {
    step,
    epoch: [1, 1, 2, 2],
    loss: step.map((s) => s + offset),
    lr: step.map(() => lr),
    seconds: step,
    samples: step,
  });
  return { detail, rows: series.view() };
}

const runs = [run("a", 0.1, 0, 0), run("b", 0.1, 1, 2), run("c", 0.01, 0, 5)];
const options: CompareOptions = {
  metric: "loss",
  grouped: false,
  view: { x: "step", xLog: false, yLog: false, smooth: 0 },
  title: "Loss",
  format: String,
  seeds: (n) => `${n} seeds`,
};

test("one curve for each run; equal names are told apart by what the runs differ in, or by their id", () => {
  const spec = compareSpec(runs, options);
  expect(spec.series.map((s) => s.label)).toEqual([
    "net (lr=0.1, seed=0)",
    "net (lr=0.1, seed=1)",
    "net (lr=0.01, seed=0)",
  ]);
  const twins = compareSpec([run("a", 0.1, 0, 0), run("b", 0.1, 0, 1)], options);
  expect(twins.series.map((s) => s.label)).toEqual(["net (a)", "net (b)"]);
  expect(spec.series.map((s) => Array.from(s.values))).toEqual([
    [1, 2, 3, 4],
    [3, 4, 5, 6],
    [6, 7, 8, 9],
  ]);
});

test("seeds of the same settings become a mean and a band; a single run has none", () => {
  const spec = compareSpec(runs, { ...options, grouped: true });
  expect(spec.series.map((s) => s.label)).toEqual(["lr=0.1 (2 seeds)", "lr=0.01 (1 seeds)"]);
  expect(Array.from(spec.series[0]?.values ?? [])).toEqual([2, 3, 4, 5]);
  expect(spec.bands).toHaveLength(1);
  expect(Array.from(spec.bands?.[0]?.low ?? [])).toEqual([1, 2, 3, 4]);
  expect(Array.from(spec.bands?.[0]?.high ?? [])).toEqual([3, 4, 5, 6]);
});

test("metrics of epochs stand at the steps where they end", () => {
  const spec = compareSpec(runs.slice(0, 2), { ...options, metric: "validationAccuracy" });
  expect(Array.from(spec.x)).toEqual([2, 4]);
  expect(spec.series.map((s) => s.values[0])).toEqual([0.5, 0.7]);
});
