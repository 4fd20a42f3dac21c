/**
 * Large results of long sums over rows that lie across them: chunks lay their rows out in scratch memory, block by block, or
 * with many registers all rows are turned before. Beside what the definition says, with NaN in all memory that nobody has
 * written. Interpreters would take minutes for one of them.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { autograd, F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";
import { numbers } from "./numbers.ts";
import { withPoisonedChunks } from "./poison.ts";

type Sizes = readonly number[];

const tensor = (shape: Sizes, seed: number): Tensor => fromOwned(numbers(shape, seed), [...shape]);

/** For each batch element, a transposed times b. */
function productOf(batch: number, summed: number, rows: number, columns: number): Float64Array {
  const [a, b] = [numbers([batch, summed, rows], 3), numbers([batch, summed, columns], 5)];
  const result = new Float64Array(batch * rows * columns);
  for (let n = 0; n < batch; n++)
    for (let k = 0; k < summed; k++)
      for (let i = 0; i < rows; i++) {
        const left = a[(n * summed + k) * rows + i] as number;
        for (let j = 0; j < columns; j++) {
          const at = (n * rows + i) * columns + j;
          result[at] = (result[at] as number) + left * (b[(n * summed + k) * columns + j] as number);
        }
      }
  return result;
}

interface Strided {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
}

/** The weight's gradient of a 3 x 3 convolution of stride 2, without padding; images and gradients have channels last. */
function weightGradient({ images, channels, filters, size }: Strided): Float64Array {
  const out = (size - 3) / 2 + 1;
  const x = numbers([images, size, size, channels], 3);
  const g = numbers([images, out, out, filters], 5);
  const result = new Float64Array(filters * channels * 9);
  for (let p = 0; p < images * out * out; p++) {
    const [n, row, column] = [Math.floor(p / out / out), Math.floor(p / out) % out, p % out];
    for (let tap = 0; tap < 9; tap++) {
      const pixel = (n * size + 2 * row + Math.floor(tap / 3)) * size + 2 * column + (tap % 3);
      for (let c = 0; c < channels; c++) {
        const left = x[pixel * channels + c] as number;
        for (let f = 0; f < filters; f++) {
          const at = (f * channels + c) * 9 + tap;
          result[at] = (result[at] as number) + left * (g[p * filters + f] as number);
        }
      }
    }
  }
  return result;
}

/** The greatest distance between numbers, in shares of the greatest of them. */
function distance(found: ArrayLike<number>, truth: Float64Array): number {
  let [most, greatest] = [0, 0];
  truth.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - (found[i] as number)));
    greatest = Math.max(greatest, Math.abs(value));
  });
  return most / greatest;
}

const compiled = devicesAndNative.filter(({ label }) => !label.startsWith("interpreter"));

describe.each(compiled)("$label", ({ make, lacks }) => {
  // Scratch memory for panels and sums: where nothing is laid out there is at most one.
  const inPanels = ({ name, buffers }: Kernel): boolean =>
    name === "contraction" && buffers.filter(({ access }) => access === "scratch").length === 2;

  const ownsPart = ({ name }: Kernel): boolean => name === "contraction_part";

  /** What is computed, and whether rows were laid out by chunks. */
  async function run(
    compute: () => Tensor | Promise<Tensor>,
  ): Promise<{ values: ArrayLike<number>; kernels: Kernel[] }> {
    const kernels: Kernel[] = [];
    const device = watched(withPoisonedChunks(make()), (program) => {
      kernels.push(...program.kernels);
    });
    const values = await onEngine(new Engine(device), async () => (await compute()).data());
    return { values, kernels };
  }

  // With many registers, a sum with many terms for each column is cut into parts.
  const products = [
    { batch: 1, summed: 1103, rows: 261, columns: 259, cut: false },
    { batch: 2, summed: 1030, rows: 303, columns: 220, cut: false },
    { batch: 1, summed: 2500, rows: 40, columns: 1700, cut: true },
    { batch: 1, summed: 1024, rows: 2050, columns: 32, cut: true },
  ];
  for (const { batch, summed, rows, columns, cut } of products) {
    test(`${batch} of ${summed} x ${rows} transposed, times ${summed} x ${columns}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const { values, kernels } = await run(() =>
        tensor([batch, summed, rows], 3)
          .transpose(1, 2)
          .matmul(tensor([batch, summed, columns], 5)),
      );
      expect(distance(values, productOf(batch, summed, rows, columns))).toBeLessThan(1e-6);
      if (make().target.registers < 32) expect(kernels.some(inPanels)).toBe(true);
      else expect(kernels.some(ownsPart)).toBe(cut);
    });
  }

  test("the gradient of a strided convolution's weight", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const layer = { images: 16, channels: 40, filters: 192, size: 19 };
    const { images, channels, filters, size } = layer;
    const { values, kernels } = await run(() => {
      const x = tensor([images, size, size, channels], 3).permute([0, 3, 1, 2]);
      const weight = tensor([filters, channels, 3, 3], 4).requiresGrad_();
      const y = F.conv2d(x, weight, { stride: 2 });
      const along = tensor([images, 9, 9, filters], 5).permute([0, 3, 1, 2]);
      const [gradient] = autograd.grad(y, weight, { gradOutputs: [along] });
      return gradient as Tensor;
    });
    expect(distance(values, weightGradient(layer))).toBeLessThan(1e-6);
    if (make().target.registers < 32) expect(kernels.some(inPanels)).toBe(true);
    else expect(kernels.some(ownsPart)).toBe(true);
  });

  test("rows that stay the same from call to call are turned once instead", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const { values, kernels } = await run(async () => {
      const rows = tensor([1100, 300], 3).persist();
      await rows.data();
      return rows.t().matmul(tensor([1100, 256], 5));
    });
    expect(distance(values, productOf(1, 1100, 300, 256))).toBeLessThan(1e-6);
    expect(kernels.some(inPanels)).toBe(false);
    if (make().target.registers >= 32) return;
    const names = kernels.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["map", "pack", "contraction"]);
  });
});
