/**
 * Long sums that make few results, as gradients of weights do, with columns that do not fill vectors: on every engine, beside
 * what the definition says. Operands lie in memory as they are, so the end of each row is part of a vector.
 */
import { describe, expect, test } from "vitest";
import { useEngine } from "../../src/engine/default.ts";
import { Engine } from "../../src/engine/engine.ts";
import { fromOwned } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { devices, nativeDevice } from "./engines.ts";

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

async function product(device: Device, rows: number, columns: number): Promise<[number, string[]]> {
  const names: string[] = [];
  const compile = device.compile.bind(device);
  device.compile = (program) => {
    names.push(...program.kernels.map((k) => k.name));
    return compile(program);
  };
  const engine = new Engine(device);
  const before = useEngine(engine);
  const a = values(terms * rows, 3);
  const b = values(terms * columns, 5);
  const out = fromOwned(a, [terms, rows])
    .t()
    .matmul(fromOwned(b, [terms, columns]));
  const result = await out.data();
  await engine.close();
  if (before !== null) useEngine(before);
  let most = 0;
  for (let i = 0; i < rows * columns; i++) {
    let sum = 0;
    for (let k = 0; k < terms; k++) {
      sum += (a[k * rows + Math.floor(i / columns)] as number) * (b[k * columns + (i % columns)] as number);
    }
    most = Math.max(most, Math.abs(sum - (result[i] as number)));
  }
  return [most, names];
}

const { missing } = findCompiler();
const everywhere: { label: string; make: () => Device; lacks?: string | undefined }[] = [
  ...Object.entries(devices).map(([label, make]) => ({ label, make })),
  { label: "native", make: nativeDevice, lacks: missing },
];

describe.each(everywhere)("$label", ({ make, lacks }) => {
  test.for(sizes)("%i rows and %i columns", async ([rows, columns], context) => {
    context.skip(lacks !== undefined, lacks);
    const [most, names] = await product(make(), rows, columns);
    expect(most).toBeLessThan(2e-3);
    if (rows > 1) expect(names).not.toContain("pack");
  });
});
