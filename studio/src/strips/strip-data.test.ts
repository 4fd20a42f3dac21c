import { describe, expect, test } from "vitest";
import type { Strip } from "../../../src/studio/protocol.ts";
import { pixels } from "./color-map.ts";
import { columnOf, imageOf, niceStep, readStrip, stepTicks } from "./strip-data.ts";

const strip: Strip = {
  layer: "0",
  kind: "activations",
  first: [1, 11, 21],
  last: [10, 20, 30],
  mean: [0.5, "NaN", 0.25],
  std: [1, 1, 1],
  min: [0, 0, 0],
  max: [1, "Infinity", 1],
  zeros: [0, 0, 0],
  dead: [0, 0, 0],
  nonFinite: [0, 0.5, 0],
  ratio: [],
  low: 0,
  high: 1,
  bins: 2,
  histogram: btoa(String.fromCharCode(0, 255, 10, 20, 30, 40)),
};

test("the highest bin is the top row", () => {
  const image = imageOf(Uint8Array.from([0, 255, 10, 20, 30, 40]), 3, 2);
  expect([...image]).toEqual([255, 20, 40, 0, 10, 30].map((byte) => pixels[byte]));
});

test("a NaN travels as a string and marks its column", () => {
  const data = readStrip(strip);
  expect(data.mean[1]).toBeNaN();
  expect(data.broken).toEqual([1]);
  expect(data.image[0]).toBe(pixels[255]);
});

test("an update beside weights without spread is infinite, not broken; NaN is", () => {
  const mean = ["Infinity", "NaN", 0.1] as const;
  const data = readStrip({ ...strip, kind: "updates", mean, ratio: mean, nonFinite: [1, 1, 0] });
  expect(data.broken).toEqual([1]);
  expect(data.ratio[0]).toBe(Number.POSITIVE_INFINITY);
});

describe("the column of a step", () => {
  test.each([
    [1, 0],
    [10, 0],
    [11, 1],
    [30, 2],
    [99, 2],
    [0, 0],
  ])("step %i is in column %i", (step, column) => expect(columnOf(strip, step)).toBe(column));

  test("between two recorded steps it is the nearer one", () => {
    const sparse = { first: [0, 100, 200], last: [0, 100, 200] };
    expect([20, 49, 51, 180].map((step) => columnOf(sparse, step))).toEqual([0, 0, 1, 2]);
  });

  test("there is none in an empty strip", () => expect(columnOf({ first: [], last: [] }, 4)).toBe(-1));
});

test("ticks stand at round steps", () => {
  expect([0.2, 1, 3, 7, 120, 234, 501].map(niceStep)).toEqual([1, 1, 5, 10, 200, 250, 1000]);
  expect(stepTicks(strip, 3).map((tick) => tick.step)).toEqual([10, 20, 30]);
  expect(stepTicks(strip, 3).map((tick) => tick.column)).toEqual([0, 1, 2]);
});

test("ticks of unevenly recorded steps do not touch", () => {
  const recorded = [1, 2, 4, 8, 16, 32, 51, 101];
  // 8 columns, of which a number takes 1.4: 40 would stand beside 20, and 80 and 100 beside 60. Nothing was recorded at 20 and 60.
  expect(stepTicks({ first: recorded, last: recorded }, 5)).toEqual([
    { column: 4, step: 16 },
    { column: 6, step: 51 },
  ]);
  const even = Array.from({ length: 21 }, (_, i) => 1 + 50 * i);
  expect(stepTicks({ first: even, last: even }, 5).map((tick) => tick.step)).toEqual([
    200, 400, 600, 800, 1000,
  ]);
});
