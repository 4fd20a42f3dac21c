import { expect, it } from "vitest";
import { rounded } from "./rounded.ts";

it("rounds to significant digits", () => {
  expect(
    [2.71838, -2.71838, 1234.5678, 0.00012345678, 99.99996, 0, 2, 1e300, 1.23456e-300].map((v) =>
      rounded(v, 5),
    ),
  ).toEqual([2.7184, -2.7184, 1234.6, 0.00012346, 100, 0, 2, 1e300, 1.2346e-300]);
  expect(rounded(123456, 3)).toBe(123000);
});

it("gives what toPrecision gives, but for halves", () => {
  for (let i = 1; i < 2000; i++) {
    const value = Math.sin(i) * 10 ** ((i % 30) - 15);
    expect(Math.abs(rounded(value, 7) - Number(value.toPrecision(7)))).toBeLessThanOrEqual(
      1.01e-6 * Math.abs(value),
    );
    expect(
      String(rounded(value, 7))
        .replace(/e.*|[-.]/g, "")
        .replace(/^0+|0+$/g, "").length,
    ).toBeLessThanOrEqual(7);
  }
});
