import { expect, test } from "vitest";
import { moved } from "./cursor-keys.ts";

const press = (key: string, place: number, shiftKey = false, rowLength = 1) =>
  moved({ key, shiftKey }, place, 100, rowLength);

test("arrows, pages and ends", () => {
  expect(press("ArrowRight", 5)).toBe(6);
  expect(press("ArrowLeft", 5)).toBe(4);
  expect(press("ArrowRight", 5, true)).toBe(15);
  expect(press("PageDown", 5)).toBe(15);
  expect(press("Home", 5)).toBe(0);
  expect(press("End", 5)).toBe(99);
});

test("the cursor stays inside; up and down go by rows where there are rows", () => {
  expect(press("ArrowLeft", 0)).toBe(0);
  expect(press("ArrowRight", 99)).toBe(99);
  expect(press("ArrowDown", 5, false, 8)).toBe(13);
});

test("other keys move nothing, nor does any key in an empty chart", () => {
  expect(press("a", 5)).toBeNull();
  expect(moved({ key: "End", shiftKey: false }, 0, 0)).toBeNull();
});
