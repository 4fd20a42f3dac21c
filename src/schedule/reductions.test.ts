/** How reductions are cut, and along what they have vectors. */
import { describe, expect, test } from "vitest";
import { recordPrograms } from "../engine/recorded-programs.test-helper.ts";
import { printKernel } from "../kernel/print.ts";
import type { Program } from "../kernel/program.ts";
import * as F from "../nn/functional.ts";
import { randn } from "../tensor/create.ts";
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

describe("vectors of a reduction", () => {
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
