import { expect, test } from "vitest";
import { axisWidth } from "./axis-width.ts";

test("labels of the vertical axis have the room that they need, and charts with short ones begin at one place", () => {
  expect([null, [], ["0", "", null], ["0.5", "1"]].map(axisWidth)).toEqual([52, 52, 52, 52]);
  expect(axisWidth(["0.01", "0.00975"])).toBeGreaterThan(52);
});
