/** How reductions are cut, and along what they have vectors. */
import { describe, expect, test } from "vitest";
import { useEngine } from "../engine/default.ts";
import { Engine } from "../engine/engine.ts";
import { recordPrograms } from "../engine/recorded-programs.test-helper.ts";
import { printKernel } from "../kernel/print.ts";
import type { Program } from "../kernel/program.ts";
import * as F from "../nn/functional.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { randn, tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The program that computes something of a tensor of this shape. */
async function programOf(shape: readonly number[], compute: (x: Tensor) => Tensor): Promise<Program> {
  const programs = await recordPrograms(async (flush) => {
    const x = randn([...shape]).persist();
    await flush("prepared");
    compute(x);
  });
  expect(programs).toHaveLength(1);
  return programs[0] as Program;
}

const namesOf = (program: Program): string[] => program.kernels.map(({ name }) => name);

describe("parts of a reduction", () => {
  test("rows that are read from end to end are threads' work enough", async () => {
    expect(namesOf(await programOf([128, 1024], (x) => x.sum(1)))).toEqual(["reduce"]);
  });

  test("few rows are cut into parts, and so are rows that lie across memory", async () => {
    const cut = ["reduce_part", "reduce_combine"];
    expect(namesOf(await programOf([8, 16_384], (x) => x.sum(1)))).toEqual(cut);
    expect(namesOf(await programOf([2048, 128], (x) => x.sum(0)))).toEqual(cut);
  });
});

describe("short rows that are all reduced", () => {
  /** Loops around what is added up, the runs of long sums left out, of the kernel that makes parts. */
  const loopsOf = async (compute: (x: Tensor) => Tensor): Promise<number> => {
    const { kernels } = await programOf([10_000, 10], compute);
    const [part] = kernels.filter(({ name }) => name === "reduce_part") as [Program["kernels"][number]];
    return [...printKernel(part).matchAll(/^ *loop v[\d_]+\./gm)].length;
  };

  test("are one row where they lie one after the other", async () => {
    expect(await loopsOf((x) => x.square().sum())).toBe(1);
    expect(await loopsOf((x) => x.t().max())).toBe(1);
  });

  test("are rows where something is another for each of them", async () => {
    expect(await loopsOf((x) => x.sub(x.slice(1, 0, 1).detach()).sum())).toBeGreaterThan(1);
  });
});

describe("vectors of a reduction", () => {
  test("run across rows that are too short for them where functions take long", async () => {
    const exponentials = async (columns: number): Promise<string> => {
      const { kernels } = await programOf([64, columns], (x) => x.logsumexp(1));
      const found = kernels.map(printKernel).filter((text) => text.includes("exp("));
      expect(found).toHaveLength(1);
      return found[0] as string;
    };
    expect(await exponentials(10)).toMatch(/load\.\d+: f32x4 = pack\(/);
    expect(await exponentials(10)).not.toMatch(/exp\.\d+: f32 =/);
    expect(await exponentials(49)).not.toContain("pack(");
    expect(await exponentials(49)).not.toMatch(/exp\.\d+: f32 =/);
  });

  test("leave out what lies behind the end of a row", async () => {
    for (const lanes of [4, 8, 16]) {
      const engine = new Engine(createInterpreterDevice({ lanes }));
      const previous = useEngine(engine);
      for (const columns of [1, 3, 4, 5, 10, 16, 17, 21, 31, 33, 70]) {
        const rows = Array.from({ length: 3 }, (_, i) =>
          Array.from({ length: columns }, (_, j) => -1 - ((7 * i + 5 * j) % 11)),
        );
        const x = tensor(rows);
        // Zeros in place of what is behind would be infinite, or the largest.
        const found = await Promise.all(
          [x.reciprocal().sum(1), x.max(1).values, x.exp().sum(1)].map((y) => y.data()),
        );
        const sums = rows.map((row) => row.reduce((sum, v) => sum + 1 / v, 0));
        const exponentials = rows.map((row) => row.reduce((sum, v) => sum + Math.exp(v), 0));
        const all = [sums, rows.map((row) => Math.max(...row)), exponentials];
        for (const [i, expected] of all.entries())
          for (const [row, v] of expected.entries()) expect(found[i]?.[row]).toBeCloseTo(v, 5);
      }
      if (previous !== null) useEngine(previous);
      await engine.close();
    }
  });

  test("a short window has them along what it moves over, though padding ends them", async () => {
    const { kernels } = await programOf([2, 16, 9, 9], (x) => F.maxPool2d(x, 3, { stride: 1, padding: 1 }));
    expect(kernels).toHaveLength(1);
    // Whole vectors where all of one lies in the buffer, and maxima of vectors.
    expect(printKernel(kernels[0] as Program["kernels"][number])).toMatch(/row\.\d+ = b0\[row\.\d+:4\]/);
  });

  test("the gradient of means over windows side by side is no reduction", async () => {
    const programs = await recordPrograms(async (flush) => {
      const x = randn([2, 3, 8, 8]).persist().requiresGrad_();
      await flush("prepared");
      F.avgPool2d(x, 4).square().sum().backward();
    });
    const kernels = programs.flatMap((program) => program.kernels);
    expect(
      kernels.find(({ name, buffers }) => name.startsWith("map") && buffers.at(-1)?.size === 384),
    ).toBeDefined();
    expect(
      kernels.some(({ name, buffers }) => name.startsWith("reduce") && buffers.at(-1)?.size === 384),
    ).toBe(false);
  });
});
