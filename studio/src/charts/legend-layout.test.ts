import { expect, test } from "vitest";
import type { ChartSeries } from "./chart-spec.ts";
import { layLegend } from "./legend-layout.ts";

const series = (label: string, look: ChartSeries["look"] = "line"): ChartSeries => ({
  label,
  values: [],
  style: 0,
  look,
});
const places = (labels: readonly ChartSeries[], width: number): (string | number)[][] =>
  layLegend(labels, (text) => 10 * text.length, width).map(({ series: { label }, x, line }) => [
    label,
    x,
    line,
  ]);

test("names that have no room in a line stand in the next one, and none is left out", () => {
  const all = [
    series("aaaaa"),
    series("raw", "faint"),
    series("bbbbb"),
    series("cccccccccccccccccccc"),
    series("d"),
  ];
  expect(places(all, 1000)).toEqual([
    ["aaaaa", 0, 0],
    ["bbbbb", 100, 0],
    ["cccccccccccccccccccc", 200, 0],
    ["d", 450, 0],
  ]);
  expect(places(all, 190)).toEqual([
    ["aaaaa", 0, 0],
    ["bbbbb", 100, 0],
    // Longer than a line, it has one of its own.
    ["cccccccccccccccccccc", 0, 1],
    ["d", 0, 2],
  ]);
});
