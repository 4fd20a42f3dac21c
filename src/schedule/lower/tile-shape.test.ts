import { describe, expect, test } from "vitest";
import type { ContractionSpec } from "../../graph/operation.ts";
import type { ContractionPlan } from "../contraction-plan.ts";
import { tileOf } from "./tile-shape.ts";

/** A product of matrices, with a sum of no matter how many terms. */
function tile(rows: number, columns: number, registers: number, longSums: boolean): [number, number] {
  const spec: ContractionSpec = { a: [], b: [], sizes: [rows, columns, 1], outputs: 2 };
  const plan: ContractionPlan = {
    rowOperand: 0,
    batch: [],
    rows: [0],
    columns: [1],
    sharesColumns: false,
    summed: [2],
    order: [0, 1],
    run: null,
  };
  const lanes = registers < 32 ? 4 : 16;
  const { rows: height, vectors } = tileOf(spec, plan, columns, lanes, { registers }, longSums);
  return [height, vectors];
}

describe("a tile's rows and vectors", () => {
  test("with many registers, long sums are not made three vectors at a time", () => {
    expect(tile(1000, 1000, 32, false)).toEqual([4, 3]);
    expect(tile(1000, 1000, 32, true)).toEqual([6, 4]);
    // Three are all there are.
    expect(tile(1000, 48, 32, true)).toEqual([4, 3]);
  });

  test("with few registers, eight sums are enough", () => {
    expect(tile(1000, 1000, 16, false)).toEqual([4, 2]);
    expect(tile(1000, 1024, 16, true)).toEqual([2, 4]);
  });
});
