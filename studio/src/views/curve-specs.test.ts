import { expect, test } from "vitest";
import { english } from "../i18n/messages-en.ts";
import { StepSeries } from "../state/step-series.ts";
import { curveSpecs } from "./curve-specs.ts";

const step = [1, 2, 3, 4];
const series = new StepSeries();
series.put(0, {
  step,
  epoch: [1, 1, 2, 2],
  loss: [4, 2, "NaN", 1],
  lr: [0.1, 0.1, 0.01, 0.01],
  seconds: [1, 2, 3, 4],
  samples: [10, 10, 10, 10],
});
const view = { x: "step", xLog: false, yLog: true, smooth: 0.5 } as const;
const epochs = [
  { epoch: 1, accuracy: 0.5, validation_loss: 3 },
  { epoch: 2, accuracy: 0.75, validation_loss: "NaN" as const },
];

test("what is measured at the end of an epoch stands at its last row", () => {
  const specs = curveSpecs({ rows: series.view(), epochs, view, t: english });
  expect(specs.accuracy.series.map((s) => [s.label, [...Array.from(s.values)]])).toEqual([
    ["training", [null, 0.5, null, 0.75]],
  ]);
  expect(Array.from(specs.loss.series[2]?.values ?? [])).toEqual([null, 3, null, Number.NaN]);
});

test("a smoothed loss has the raw one behind it; NaN stays", () => {
  const { loss } = curveSpecs({ rows: series.view(), epochs, view, t: english });
  expect(loss.series.map((s) => s.look)).toEqual(["faint", "line", "points"]);
  expect(loss.series[1]?.values[2]).toBeNaN();
  expect(loss.yLog).toBe(true);
  const plain = curveSpecs({ rows: series.view(), epochs, view: { ...view, smooth: 0 }, t: english });
  expect(plain.loss.series.map((s) => s.look)).toEqual(["line", "points"]);
});

test("time as x, and no accuracy before the first epoch ends", () => {
  const specs = curveSpecs({ rows: series.view(2), epochs: [], view: { ...view, x: "time" }, t: english });
  expect([...Array.from(specs.loss.x)]).toEqual([1, 2]);
  expect(specs.accuracy.x).toHaveLength(0);
});
