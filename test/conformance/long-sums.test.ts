/**
 * Long sums that make few results, as gradients of weights do, with columns that do not fill vectors: on every engine, beside
 * what the definition says. Where both operands have rows of summands, they lie in memory as they are, so the end of each
 * row is part of a vector; elsewhere summands are neighbours in one operand or both.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { fromOwned, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";
import { errorOf, infer, operandsOf, truthOf } from "./large-convolutions.ts";
import { withPoisonedMemory } from "./poison.ts";

const terms = 1100;
const sizes = [
  [1, 6],
  [4, 3],
  [9, 5],
  [25, 6],
  [10, 7],
  [33, 9],
  [7, 13],
  [20, 30],
] as const;

const values = (count: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed * i * i) % 31) / 16 - 0.9);

/** How the operands lie in memory: for each, whether its summands are neighbours. */
const arrangements = {
  "rows of summands": [false, false],
  "summands of the left operand side by side": [true, false],
  "summands side by side": [true, true],
} as const;
type Arrangement = keyof typeof arrangements;

async function product(
  device: Device,
  rows: number,
  columns: number,
  arrangement: Arrangement,
): Promise<[number, string[]]> {
  const names: string[] = [];
  watched(device, (program) => {
    names.push(...program.kernels.map((k) => k.name));
  });
  const [leftAlong, rightAlong] = arrangements[arrangement];
  const a = values(terms * rows, 3);
  const b = values(terms * columns, 5);
  const result = await onEngine(new Engine(device), () => {
    const left = leftAlong ? fromOwned(a, [rows, terms]) : fromOwned(a, [terms, rows]).t();
    const right = rightAlong ? fromOwned(b, [columns, terms]).t() : fromOwned(b, [terms, columns]);
    return left.matmul(right).data();
  });
  const at = (data: Float32Array, size: number, isAlong: boolean, i: number, k: number): number =>
    data[isAlong ? i * terms + k : k * size + i] as number;
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < terms; k++) sum += at(a, rows, leftAlong, i, k) * at(b, columns, rightAlong, j, k);
      most = Math.max(most, Math.abs(sum - (result[i * columns + j] as number)));
    }
  }
  return [most, names];
}

const kinds = Object.keys(arrangements) as Arrangement[];
const cases = kinds.flatMap((kind) => sizes.map(([rows, columns]) => [kind, rows, columns] as const));

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test.for(cases)("%s: %i rows and %i columns", async ([kind, rows, columns], context) => {
    context.skip(lacks !== undefined, lacks);
    const [most, names] = await product(make(), rows, columns, kind);
    expect(most).toBeLessThan(2e-3);
    if (rows > 1 && kind === "rows of summands") expect(names).not.toContain("pack");
    if (rows > 1 && kind !== "summands side by side") expect(names).toContain("contraction_part");
  });
});

/** Tiles enough for all threads, the last of them with fewer rows and columns. */
const many = { rows: 70, columns: 150 };

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test("where summands lie side by side and there are tiles enough, each tile is summed up in runs", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const [most, names] = await product(make(), many.rows, many.columns, "summands side by side");
    expect(most).toBeLessThan(2e-3);
    expect(names).toContain("contraction");
    expect(names).not.toContain("contraction_part");
  });

  test.for([
    [140, false],
    [120, true],
  ] as const)("of %i rows along the sum, sums are cut: %s", async ([rows, cut], context) => {
    context.skip(lacks !== undefined, lacks);
    const [most, names] = await product(make(), rows, 32, "summands of the left operand side by side");
    expect(most).toBeLessThan(2e-3);
    expect(names.includes("contraction_part")).toBe(cut);
  });

  test("in runs, a sum of equal terms is no further off than the terms of a run can make it", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const [size, length] = [40, 6000];
    const tenths = (): Tensor => fromOwned(new Float32Array(size * length).fill(0.1), [size, length]);
    const sums = await onEngine(new Engine(make()), () => tenths().matmul(tenths().t()).data());
    const exact = length * Math.fround(0.1) ** 2;
    const most = Math.max(...sums.map((x) => Math.abs(x - exact)));
    // One after the other, the terms end 6.8e-5 off.
    expect(most / exact).toBeLessThan(2e-5);
  });
});

/** Few pixels of many channels: the outermost loop of the sum is over three rows of the kernel. */
const image = operandsOf({ batch: 1, channels: 128, filters: 20, height: 2, width: 7, padding: 1 });
const truth = truthOf(image).result;

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test("a convolution of one small image is cut along its channels, into parts for many threads", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const chunks: number[] = [];
    const device = watched(withPoisonedMemory(make()), ({ kernels }) => {
      chunks.push(...kernels.filter((k) => k.name === "contraction_part").map((k) => k.chunks));
    });
    const engine = new Engine(device);
    const result = await onEngine(engine, () => infer(engine, image));
    expect(chunks).toEqual([8]);
    expect(errorOf(result, truth).most).toBeLessThan(2e-5);
  });
});
