import { expect, test } from "vitest";
import {
  formatDuration,
  formatPlain,
  formatRate,
  formatShare,
  formatShareTick,
  formatShort,
  formatSteps,
  formatValue,
} from "./format.ts";

test.each([
  [0, "0"],
  [0.123456, "0.1235"],
  [2.5, "2.500"],
  [-0.5, "−0.5000"],
  [0.00012345, "1.23e−4"],
  [12345.678, "12350"],
  [3.2e9, "3.20e9"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("value %d is %s", (value, text) => expect(formatValue(value)).toBe(text));

test.each([
  [0.04, "0.0 s"],
  [59.6, "60 s"],
  [65, "1:05"],
  [3725, "1:02:05"],
  [Number.NaN, "–"],
])("%d seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("shares, rates and ranges of steps", () => {
  expect(formatShare(0.98765)).toBe("98.8%");
  expect([12.34, 12345].map(formatRate)).toEqual(["12.3", "12,345"]);
  expect(formatSteps(1200, 1200)).toBe("1,200");
  expect(formatSteps(1, 20)).toBe("1–20");
});

test.each([
  [0, "0"],
  [-0.00333, "−3.3e−3"],
  [-0.01548, "−0.0155"],
  [11.294, "11.3"],
  [-1258.4, "−1260"],
  [123456, "1.2e5"],
  [Number.NaN, "NaN"],
])("%d beside a strip is %s", (value, text) => {
  expect(formatShort(value)).toBe(text);
  expect(formatShort(value).length).toBeLessThanOrEqual(7);
});

test("what was set has no zeros at its end", () => {
  const texts = [0.001, 0.03, 1, 2.5, 300, 1e-4, 1.5e-7, 0, Number.NaN].map(formatPlain);
  expect(texts).toEqual(["0.001", "0.03", "1", "2.5", "300", "1e−4", "1.5e−7", "0", "NaN"]);
  expect([0, 0.1, 0.985, 1].map(formatShareTick)).toEqual(["0%", "10%", "98.5%", "100%"]);
});
