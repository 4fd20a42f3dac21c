import { expect, test } from "vitest";
import { colorOf, pixels, type Rgb } from "./color-map.ts";

/** Relative luminance as WCAG defines it. */
function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const contrast = (a: Rgb, b: Rgb): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

test("lightness rises with every byte that is four further", () => {
  for (let byte = 4; byte < 256; byte += 4) {
    expect(luminance(colorOf(byte / 255))).toBeGreaterThan(luminance(colorOf((byte - 4) / 255)));
  }
});

test("both ends are seen on the backgrounds of both themes", () => {
  const backgrounds: Rgb[] = [
    [255, 255, 255],
    [22, 24, 28],
  ];
  for (const background of backgrounds) {
    for (const end of [0, 1]) expect(contrast(colorOf(end), background)).toBeGreaterThan(1.25);
  }
  expect(contrast(colorOf(0), colorOf(1))).toBeGreaterThan(7);
});

test("pixels are opaque and hold red in their lowest byte", () => {
  const [r, g, b] = colorOf(1);
  expect(pixels[255]).toBe(((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  expect(new Set(pixels).size).toBeGreaterThan(200);
});

test("values outside 0 to 1 are the ends", () => {
  expect(colorOf(-3)).toEqual(colorOf(0));
  expect(colorOf(9)).toEqual(colorOf(1));
});
