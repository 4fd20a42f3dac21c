import { expect, it } from "vitest";
import { toPlanes } from "./planes.ts";

it("counts what is no number, and scales by the rest", () => {
  const numbers = [-1, 3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1];
  const { low, high, nonFinite, data } = toPlanes(numbers, { count: 1, height: 2, width: 3 });
  expect({ low, high, nonFinite }).toEqual({ low: -1, high: 3, nonFinite: 3 });
  expect([...Buffer.from(data, "base64")]).toEqual([0, 255, 0, 255, 0, 128]);
  expect(toPlanes([0, 1], { count: 1, height: 1, width: 2 }).nonFinite).toBe(0);
});
