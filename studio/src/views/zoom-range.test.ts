import { expect, test } from "vitest";
import { zoomedRange } from "./zoom-range.ts";

const recorded = { first: 1, last: 1001 };

test("the step under the cursor stays where it is", () => {
  expect(zoomedRange(recorded, recorded, 0.5, 501)).toEqual({ from: 251, to: 751 });
  expect(zoomedRange(recorded, recorded, 0.5, 1)).toEqual({ from: 1, to: 501 });
  expect(zoomedRange(recorded, recorded, 0.5, 1001)).toEqual({ from: 501, to: 1001 });
});

test("zooming out ends at the whole training, which is no range", () => {
  expect(zoomedRange({ first: 251, last: 751 }, recorded, 2, 501)).toEqual({ from: null, to: null });
  expect(zoomedRange({ first: 901, last: 1001 }, recorded, 2, 901)).toEqual({ from: 801, to: 1001 });
});

test("a few steps are left at the closest", () => {
  expect(zoomedRange({ first: 10, last: 20 }, recorded, 0.5, 10)).toEqual({ from: 10, to: 18 });
});
