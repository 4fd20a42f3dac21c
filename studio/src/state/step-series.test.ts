import { expect, test } from "vitest";
import type { StepColumns } from "../../../src/studio/protocol.ts";
import { epochEnds, firstBrokenStep, StepSeries } from "./step-series.ts";

const rows = (first: number, count: number): StepColumns => {
  const step = Array.from({ length: count }, (_, i) => first + i);
  return {
    step,
    epoch: step.map((s) => Math.ceil(s / 10)),
    loss: step.map((s) => (s > 25 ? "NaN" : 1 / s)),
    lr: step.map(() => 0.1),
    seconds: step.map((s) => s / 2),
    samples: step.map(() => 64),
  };
};

test("rows grow beyond the first capacity", () => {
  const series = new StepSeries(4);
  expect(series.put(0, rows(1, 10))).toBe(true);
  expect(series.put(10, rows(11, 5))).toBe(true);
  expect(series.length).toBe(15);
  expect([...series.view().step]).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  expect([...series.view(3).step]).toEqual([1, 2, 3]);
});

test("a resumed training replaces rows from where it went back to", () => {
  const series = new StepSeries(4);
  series.put(0, rows(1, 10));
  expect(series.put(5, { ...rows(6, 2), lr: [9, 9] })).toBe(true);
  expect([...series.view().step]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([...series.view().lr.slice(4)]).toEqual([0.1, 9, 9]);
});

test("a hole is refused", () => {
  const series = new StepSeries();
  expect(series.put(3, rows(4, 2))).toBe(false);
  expect(series.length).toBe(0);
});

test("the first broken step and the ends of epochs", () => {
  const series = new StepSeries();
  series.put(0, rows(1, 30));
  expect(firstBrokenStep(series.view())).toBe(26);
  expect(firstBrokenStep(series.view(20))).toBeNull();
  expect([...epochEnds(series.view())]).toEqual([
    [1, 9],
    [2, 19],
    [3, 29],
  ]);
});
