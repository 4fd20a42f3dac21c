import { expect, test } from "vitest";
import { mergedAxes } from "./merged-axes.ts";

test.each([
  [
    [2, 3, 4],
    [2, 3, 4],
    [1, 1, 1],
  ],
  [
    [64, 6, 28, 14, 2],
    [64, 6, 28, 28],
    [1, 1, 1, 2],
  ],
  [
    [64, 1, 28, 14, 2],
    [64, 28, 1, 28],
    [1, 1, 2],
  ],
  [[2, 3, 4], [24], [3]],
  [
    [2, 3, 4],
    [6, 4],
    [2, 1],
  ],
  [[1, 1], [1], []],
])("%j give %j by %j", (parts, whole, counts) => {
  expect(mergedAxes(parts, whole)).toEqual(counts);
});

test.each([
  [
    [2, 3, 4],
    [2, 3],
  ],
  [
    [2, 3],
    [2, 3, 4],
  ],
  [
    [2, 3, 4],
    [3, 2, 4],
  ],
  [
    [2, 3, 4],
    [4, 6],
  ],
  [
    [6, 4],
    [2, 3, 4],
  ],
])("%j do not give %j", (parts, whole) => {
  expect(mergedAxes(parts, whole)).toBeNull();
});
