import { expect, test } from "vitest";
import { smooth } from "./smoothing.ts";

test("factor 0 changes nothing", () => {
  expect([...smooth([3, 1, 2], 0)]).toEqual([3, 1, 2]);
});

test("a constant stays what it is, from the first value on", () => {
  for (const value of smooth([5, 5, 5, 5], 0.9)) expect(value).toBeCloseTo(5, 12);
});

test("the second value is the weighted mean of both", () => {
  // weights 0.5 * 0.5 and 0.5, over their sum
  expect(smooth([0, 3], 0.5)[1]).toBeCloseTo(2, 12);
});

test("a NaN stays visible and does not spread", () => {
  const [a, b, c] = smooth([1, Number.NaN, 1], 0.6);
  expect(a).toBe(1);
  expect(b).toBeNaN();
  expect(c).toBeCloseTo(1, 12);
});
