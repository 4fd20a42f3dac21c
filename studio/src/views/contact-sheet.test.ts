import { expect, test } from "vitest";
import { asPlanes, cornerOf, layOut, planeAt, sheetGap } from "./contact-sheet.ts";

test("planes fill the width and never leave it", () => {
  for (const count of [1, 6, 32, 256]) {
    for (const available of [120, 280, 640, 1100]) {
      const sheet = layOut({ count, width: 14, height: 14 }, available);
      expect(sheet.width).toBeLessThanOrEqual(available);
      expect(sheet.columns * sheet.rows).toBeGreaterThanOrEqual(count);
      expect(sheet.cellWidth % 14).toBe(0);
    }
  }
});

test("planes larger than their place are made smaller, in proportion", () => {
  const sheet = layOut({ count: 64, width: 224, height: 112 }, 700);
  expect(sheet.cellWidth).toBeLessThan(224);
  expect(sheet.cellWidth / sheet.cellHeight).toBeCloseTo(2, 1);
});

test("a vector becomes single values", () => {
  expect(asPlanes({ count: 1, height: 1, width: 10 })).toEqual({ count: 10, height: 1, width: 1 });
  expect(asPlanes({ count: 3, height: 1, width: 10 })).toEqual({ count: 3, height: 1, width: 10 });
});

test("every plane is found at its own place, none in the gaps", () => {
  const sheet = layOut({ count: 10, width: 8, height: 8 }, 200);
  for (let i = 0; i < 10; i++) {
    const { x, y } = cornerOf(sheet, i);
    expect(planeAt(sheet, 10, x + 1, y + 1)).toBe(i);
    expect(planeAt(sheet, 10, x + sheet.cellWidth + sheetGap / 2, y + 1)).toBeNull();
  }
  expect(planeAt(sheet, 10, -1, 0)).toBeNull();
});
