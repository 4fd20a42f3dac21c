import { expect, test } from "vitest";
import { english } from "../i18n/messages-en.ts";
import { japanese } from "../i18n/messages-ja.ts";
import { alonePoints, brokenRanges, type ChartSpec, columnsOf, readingAt, summaryOf } from "./chart-spec.ts";

const spec: ChartSpec = {
  title: "Loss",
  axis: "step",
  x: [1, 2, 3, 4, 5],
  series: [
    { label: "training", values: [4, Number.NaN, Number.NaN, 1, Number.NaN], style: 0, look: "line" },
    { label: "validation", values: [null, null, null, 2, null], style: 1, look: "points" },
  ],
  xLog: false,
  yLog: false,
  format: String,
};

test("the text alternative tells what every curve does, in both languages", () => {
  expect(summaryOf(spec, english)).toBe(
    "training: 4 at step 1, 1 at step 4; lowest 1 at 4, highest 4 at 1. Not a finite number from step 2 onwards. " +
      "validation: 2 at step 4, 2 at step 4; lowest 2 at 4, highest 2 at 4.",
  );
  expect(summaryOf(spec, japanese)).toContain("ステップ 2 以降、有限の値ではありません。");
});

test("the reading leaves out what has no value there", () => {
  expect(readingAt(spec, 0, english)).toBe("Step 1: training 4");
  expect(readingAt(spec, 3, english)).toBe("Step 4: training 1, validation 2");
});

test("ranges without finite values", () => {
  expect(brokenRanges(spec)).toEqual([
    [2, 3],
    [5, 5],
  ]);
});

test("columns to save", () => {
  expect(columnsOf(spec).map((column) => column.name)).toEqual(["step", "training", "validation"]);
});

test("finds the values that no line leads to", () => {
  expect(alonePoints([2, null, 3, 4, null, 5])).toEqual([0, 5]);
  expect(alonePoints([null, 1, null])).toEqual([1]);
  expect(alonePoints([1, 2])).toEqual([]);
  expect(alonePoints([])).toEqual([]);
});
