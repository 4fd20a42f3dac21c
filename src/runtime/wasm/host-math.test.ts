import { describe, expect, test } from "vitest";
import { erf, mathImports } from "./host-math.ts";

describe("erf", () => {
  // C's erf, printed with 17 digits.
  const values: [number, number][] = [
    [1e-300, 1.1283791670955126e-300],
    [1e-9, 1.1283791670955127e-9],
    [0.05, 0.05637197779701663],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [0.9, 0.7969082124228322],
    [0.999, 0.8422852702064969],
    [1.0, 0.8427007929497149],
    [1.3, 0.9340079449406524],
    [1.75, 0.9866716712191824],
    [2.0, 0.9953222650189527],
    [2.2, 0.9981371537020182],
    [2.249, 0.9985301250023354],
    [2.25, 0.9985372834133188],
    [2.5, 0.999593047982555],
    [3.0, 0.9999779095030014],
    [4.0, 0.9999999845827421],
    [5.5, 0.9999999999999927],
  ];

  test.each(values)("erf(%d) is within 4 units in the last place", (x, expected) => {
    const tolerance = 4 * Number.EPSILON * Math.abs(expected);
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(erf(-x) + expected)).toBeLessThanOrEqual(tolerance);
  });

  test("limits", () => {
    expect([erf(Infinity), erf(-Infinity), erf(7), erf(0), erf(Number.NaN)]).toEqual([
      1,
      -1,
      1,
      0,
      Number.NaN,
    ]);
    expect(Object.is(erf(-0), -0)).toBe(true);
  });

  test("works from its source text alone, as worker threads use it", () => {
    const copy = new Function(`return (${erf.toString()});`)() as typeof erf;
    expect(copy(1.5)).toBe(erf(1.5));
  });
});

test("mathImports has Math's functions and erf, no constants", () => {
  const functions = mathImports();
  expect(functions.exp?.(1)).toBe(Math.E);
  expect(functions.erf).toBe(erf);
  expect(functions.PI).toBeUndefined();
});
