import { expect, test } from "vitest";
import { sparkPath } from "./spark-path.ts";

test("from left to right, the largest on top, gaps where there is no number", () => {
  expect(sparkPath([2, 1, 0])).toBe("M1.5 1.5L18.0 8.0L34.5 14.5");
  expect(sparkPath([2, "NaN", 1, 2])).toBe("M1.5 1.5M23.5 8.0L34.5 1.5");
  expect(sparkPath([3, 2.99])).toMatch(/^M1.5 1.5L34.5 1.5$/);
  expect([sparkPath([]), sparkPath([1]), sparkPath(["NaN", "NaN"])]).toEqual(["", "", ""]);
});
