import { expect, test } from "vitest";
import { factsOf } from "./describe.ts";

test("first, last, lowest, highest and the first break", () => {
  const facts = factsOf([1, 2, 3, 4, 5], [null, 2, 0.5, Number.NaN, 1]);
  expect(facts).toEqual({
    first: { x: 2, y: 2 },
    last: { x: 5, y: 1 },
    lowest: { x: 3, y: 0.5 },
    highest: { x: 2, y: 2 },
    brokenAt: 4,
  });
});

test("nothing to tell of a curve without finite values", () => {
  expect(factsOf([1, 2], [Number.NaN, null])).toBeNull();
  expect(factsOf([], [])).toBeNull();
});
