import { expect, test } from "vitest";
import { bandOf, valueAt } from "./band.ts";

test("a value between two points lies on the line between them, none outside", () => {
  const curve = { x: [1, 3, 4], y: [10, 20, 0] };
  expect([1, 2, 3, 3.5, 4].map((x) => valueAt(curve, x))).toEqual([10, 15, 20, 10, 0]);
  expect(valueAt(curve, 0.5)).toBeNaN();
  expect(valueAt(curve, 5)).toBeNaN();
  expect(valueAt({ x: [], y: [] }, 1)).toBeNaN();
});

test("mean, low and high over runs; one that stopped early does not count behind its end", () => {
  const band = bandOf([
    { x: [1, 2, 3], y: [1, 2, 3] },
    { x: [1, 2], y: [3, 6] },
  ]);
  expect(band).toEqual({ x: [1, 2, 3], mean: [2, 4, 3], low: [1, 2, 3], high: [3, 6, 3] });
});

test("a NaN of one run leaves the mean of the others", () => {
  const band = bandOf([
    { x: [1, 2], y: [1, Number.NaN] },
    { x: [1, 2], y: [3, 5] },
  ]);
  expect(band.mean).toEqual([2, 5]);
});

test("long curves are thinned, ends kept", () => {
  const x = Array.from({ length: 5000 }, (_, i) => i + 1);
  const band = bandOf([{ x, y: x }], 100);
  expect(band.x).toHaveLength(100);
  expect(band.x.at(0)).toBe(1);
  expect(band.x.at(-1)).toBe(5000);
});
