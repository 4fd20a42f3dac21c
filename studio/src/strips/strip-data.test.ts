import { describe, expect, test } from "vitest";
import type { Strip } from "../../../src/studio/protocol.ts";
import { pixels } from "./color-map.ts";
import { columnOf, imageOf, readStrip, stepTicks } from "./strip-data.ts";

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

const ticksOf = (recorded: readonly number[], most: number): string =>
  stepTicks({ first: recorded, last: recorded }, most)
    .map(({ column, step }) => `${column}: ${step}`)
    .join(", ");

test("ticks stand at round steps, the first at its own", () => {
  expect(stepTicks(strip, 3)).toEqual([
    { column: 0, step: 1 },
    { column: 1, step: 20 },
    { column: 2, step: 30 },
  ]);
  expect(stepTicks(strip, 0)).toEqual([]);
  expect(stepTicks({ first: [], last: [] }, 3)).toEqual([]);
});

test("no tick is beyond the last step", () => {
  // 950 is within 2% of 937.
  const recorded = Array.from({ length: 235 }, (_, i) => 1 + 4 * i);
  const steps = stepTicks({ first: recorded, last: recorded }, 6).map(({ step }) => step);
  expect(steps.at(-1)).toBeGreaterThan(850);
  expect(Math.max(...steps)).toBeLessThanOrEqual(937);
});

test("ticks of unevenly recorded steps do not touch, and the roundest are there", () => {
  const dense = [
    ...Array.from({ length: 16 }, (_, i) => i + 1),
    18,
    20,
    22,
    24,
    28,
    32,
    40,
    48,
    51,
    101,
    151,
    201,
  ];
  // 50 was recorded as 51, 100 as 101 and 200 as 201; 150 would touch 200.
  expect(ticksOf(dense, 7)).toBe("0: 1, 4: 5, 9: 10, 13: 14, 17: 20, 22: 40, 27: 200");
  const even = Array.from({ length: 21 }, (_, i) => 1 + 50 * i);
  expect(ticksOf(even, 5)).toBe("0: 1, 4: 200, 10: 500, 16: 800, 20: 1000");
});
