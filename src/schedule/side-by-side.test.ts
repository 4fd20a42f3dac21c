import { describe, expect, test } from "vitest";
import { constant } from "../graph/build.ts";
import type { AxisMap, ContractionSpec } from "../graph/operation.ts";
import { sideBySide } from "./side-by-side.ts";

const along = (...dims: number[]): AxisMap => ({ dims, strides: dims.map(() => 1) });

/** [images, filters, height, width] over [channels, size, size]. */
function forward(filters: number, width: number, size: number, stride = 1): ContractionSpec {
  const [n, f, y, x, c, i, j] = [0, 1, 2, 3, 4, 5, 6];
  const window = (place: number, offset: number): AxisMap => ({
    dims: [place, offset],
    strides: [stride, 1],
  });
  return {
    sizes: [16, filters, 16, width, 3, size, size],
    outputs: 4,
    a: [along(n), along(c), window(y, i), window(x, j)],
    b: [along(f), along(c), along(i), along(j)],
  };
}

/** [filters, channels, size, size] over [images, height, width]. */
function weightGradient(filters: number, channels: number, size: number, width = 16): ContractionSpec {
  const [f, c, i, j, n, y, x] = [0, 1, 2, 3, 4, 5, 6];
  return {
    sizes: [filters, channels, size, size, 16, 16, width],
    outputs: 4,
    a: [along(n), along(c), along(i, y), along(j, x)],
    b: [along(n), along(f), along(y), along(x)],
  };
}

/** Operands whose axes are as long as the spec asks for. */
function operandsOf(spec: ContractionSpec) {
  const length = ({ dims, strides }: AxisMap): number =>
    1 + dims.reduce((sum, d, i) => sum + ((spec.sizes[d] as number) - 1) * (strides[i] as number), 0);
  return [spec.a, spec.b].map((maps) => constant(1, maps.map(length), "float32"));
}

/** The loops of what takes the place of a contraction. */
function loops(spec: ContractionSpec, lanes: number, halves = false): string | null {
  let made = sideBySide(spec, operandsOf(spec), { lanes, halves });
  while (made !== null && made.op.kind !== "contraction") made = made.inputs[0] ?? null;
  if (made?.op.kind !== "contraction") return null;
  const { sizes, outputs } = made.op.spec;
  return `${sizes.slice(0, outputs).join("x")} over ${sizes.slice(outputs).join("x")}`;
}

describe("pixels side by side", () => {
  test.each([
    ["two of six channels", forward(6, 20, 5), 16, "16x6x16x10x2 over 3x5x6"],
    ["four of three channels", forward(3, 20, 3), 16, "16x3x16x5x4 over 3x3x6"],
    ["two, where the line has no fours", forward(3, 18, 3), 16, "16x3x16x9x2 over 3x3x4"],
    ["two in short vectors", forward(2, 20, 3), 4, "16x2x16x10x2 over 3x3x4"],
    ["two of a weight gradient", weightGradient(6, 1, 5), 16, "6x1x5x6x2 over 16x16x8"],
    ["four of a weight gradient", weightGradient(4, 8, 3), 16, "4x8x3x6x4 over 16x16x4"],
  ])("%s", (_, spec, lanes, expected) => {
    expect(loops(spec, lanes)).toBe(expected);
  });

  test.each([
    ["an odd line", forward(6, 19, 5), 16],
    ["a vector that is more than half full", forward(9, 20, 5), 16],
    ["one channel", forward(1, 20, 5), 16],
    ["a kernel of one column", forward(6, 20, 1), 16],
    ["another stride", forward(6, 20, 5, 2), 16],
    ["a weight gradient of many channels", weightGradient(4, 64, 4), 16],
    ["a weight gradient that fills a vector", weightGradient(9, 1, 5), 16],
    ["a weight gradient over odd lines", weightGradient(6, 1, 5, 17), 16],
  ])("not for %s", (_, spec, lanes) => {
    expect(loops(spec, lanes)).toBeNull();
  });

  test("not where vectors of half the lanes take half the time, and hold the channels", () => {
    expect(loops(forward(6, 20, 5), 16, true)).toBeNull();
    expect(loops(weightGradient(6, 1, 5), 16, true)).toBeNull();
    expect(loops(forward(3, 20, 5), 4, true)).toBeNull();
    expect(loops(forward(2, 20, 12), 16, true)).toBe("16x2x16x5x4 over 3x12x15");
  });

  test("not for few pixels, nor for double precision", () => {
    const spec = forward(6, 20, 5);
    const few = { ...spec, sizes: [1, ...spec.sizes.slice(1)] };
    expect(loops(few, 16)).toBeNull();
    const doubles = operandsOf(spec).map((x) => constant(1, x.shape, "float64"));
    expect(sideBySide(spec, doubles, { lanes: 16 })).toBeNull();
  });
});
