/**
 * Operands and results of contractions that are laid out anew because the loops would go across their memory: on every
 * engine, with NaN in all memory that nobody has written.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { autograd, einsum, F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { Target } from "../../src/kernel/program.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createInterpreterDevice } from "../../src/runtime/interpreter-device.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";
import { numbers } from "./numbers.ts";
import { withPoisonedMemory } from "./poison.ts";

type Sizes = readonly number[];

const tensor = (shape: Sizes, seed: number): Tensor => fromOwned(numbers(shape, seed), [...shape]);

/** a transposed, times b, by the definition. */
function productOf([summed, rows, columns]: readonly [number, number, number]): Float64Array {
  const [a, b] = [numbers([summed, rows], 3), numbers([summed, columns], 5)];
  const result = new Float64Array(rows * columns);
  for (let k = 0; k < summed; k++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        result[i * columns + j] =
          (result[i * columns + j] as number) + (a[k * rows + i] as number) * (b[k * columns + j] as number);
  return result;
}

/** What is computed on a device, and the kernels that do it. */
async function onDevice(
  make: () => Device,
  compute: () => Tensor | readonly Tensor[],
): Promise<{ values: ArrayLike<number>[]; kernels: Kernel[]; target: Target }> {
  const kernels: Kernel[] = [];
  const device = watched(withPoisonedMemory(make()), (program) => {
    kernels.push(...program.kernels);
  });
  const values = await onEngine(new Engine(device), () =>
    Promise.all([compute()].flat().map((t) => t.data())),
  );
  return { values, kernels, target: device.target };
}

const namesOf = (kernels: readonly Kernel[]): string[] => kernels.map(({ name }) => name);

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  // Rows, of which neighbours lie side by side, and steps of the sum that displace each other in a cache.
  const products = [
    { summed: 24, rows: 40, columns: 52, few: true, many: false },
    { summed: 37, rows: 19, columns: 33, few: true, many: false },
    { summed: 260, rows: 64, columns: 512, few: true, many: true },
    { summed: 24, rows: 28, columns: 12, few: false, many: false },
  ];
  for (const { summed, rows, columns, few, many } of products) {
    test(`${summed} x ${rows} transposed, times ${summed} x ${columns}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const { values, kernels, target } = await onDevice(make, () =>
        tensor([summed, rows], 3)
          .t()
          .matmul(tensor([summed, columns], 5)),
      );
      expect(values[0]).toEqual(Float32Array.from(productOf([summed, rows, columns])));
      if (target.lanes === 1) return;
      const names = namesOf(kernels);
      const [turn, multiply] = ["map", "contraction"].map((name) => names.indexOf(name)) as [number, number];
      const isTurned = turn >= 0 && turn < multiply;
      expect(isTurned).toBe(target.registers >= 32 ? many : few);
    });
  }

  test("both operands are one value", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const { values } = await onDevice(make, () => {
      const a = tensor([23, 48], 3);
      return [einsum("ki,kj->ij", a, a), a.t().matmul(tensor([23, 48], 3))];
    });
    expect(values[0]).toEqual(values[1]);
  });

  test("one matrix for a batch is not repeated", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const { values, kernels } = await onDevice(make, () => {
      const a = tensor([24, 40], 3).unsqueeze(0).expand([3, 24, 40]);
      return a.transpose(1, 2).matmul(tensor([24, 52], 5).unsqueeze(0).expand([3, 24, 52]));
    });
    const one = productOf([24, 40, 52]);
    expect(values[0]).toEqual(Float32Array.from([...one, ...one, ...one]));
    // Closing the engine computes what lies between.
    const multiplied = kernels.slice(0, namesOf(kernels).indexOf("contraction") + 1);
    const sizes = multiplied.flatMap(({ buffers }) => buffers.map(({ size }) => size));
    expect(sizes).not.toContain(3 * 24 * 40);
  });

  test("the images of a weight gradient", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const [images, filters] = [
      [2, 11, 9, 9],
      [33, 11, 3, 3],
    ] as const;
    const { values, kernels, target } = await onDevice(make, () => {
      const weight = tensor(filters, 5).requiresGrad_();
      const y = F.conv2d(tensor(images, 3), weight, { stride: 2, padding: 1 });
      return autograd.grad(y, [weight], { gradOutputs: [tensor(y.shape, 11)] }) as Tensor[];
    });
    const [x, up] = [numbers(images, 3), numbers([2, 33, 5, 5], 11)];
    const wanted = Float32Array.from({ length: 33 * 11 * 9 }, (_, at) => {
      const [o, c, ky, kx] = [Math.floor(at / 99), Math.floor(at / 9) % 11, Math.floor(at / 3) % 3, at % 3];
      let sum = 0;
      for (let n = 0; n < 2; n++)
        for (let i = 0; i < 5; i++)
          for (let j = 0; j < 5; j++) {
            const [a, b] = [2 * i + ky - 1, 2 * j + kx - 1];
            if (a < 0 || b < 0 || a > 8 || b > 8) continue;
            const pixel = x[((n * 11 + c) * 9 + a) * 9 + b] as number;
            sum += pixel * (up[((n * 33 + o) * 5 + i) * 5 + j] as number);
          }
      return sum;
    });
    expect(values[0]).toEqual(wanted);
    const isFew = target.lanes > 1 && target.registers < 32;
    if (isFew) expect(namesOf(kernels).filter((name) => name === "map").length).toBeGreaterThan(1);
  });

  // What leaves the program does so row-major, and comes out of a convolution with its channels side by side.
  const results: readonly { what: string; compute: () => Tensor; shape: Sizes; along?: Sizes }[] = [
    {
      what: "with a group for each channel",
      compute: () =>
        F.conv2d(tensor([2, 24, 19, 19], 3), tensor([24, 1, 3, 3], 5), { padding: 1, groups: 24 }),
      shape: [2, 24, 19, 19],
    },
    {
      what: "with a bias and relu",
      compute: () =>
        F.relu(F.conv2d(tensor([4, 5, 18, 18], 3), tensor([20, 5, 3, 3], 5), { bias: tensor([20], 7) })),
      shape: [4, 20, 16, 16],
    },
    {
      what: "with few filters",
      compute: () => F.relu(F.conv2d(tensor([6, 1, 28, 28], 3), tensor([6, 1, 5, 5], 5), { padding: 2 })),
      shape: [6, 6, 28, 28],
    },
    {
      what: "whose filters are split into two axes, and pixels are one",
      compute: () =>
        F.conv2d(tensor([2, 5, 20, 20], 3), tensor([32, 5, 5, 5], 5), { padding: 2 }).reshape([2, 4, 8, 400]),
      shape: [2, 4, 8, 400],
      along: [0, 3, 1, 2],
    },
  ];
  for (const { what, compute, shape, along = [0, 2, 3, 1] } of results) {
    test(`the result of a convolution ${what}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const { values, kernels, target } = await onDevice(make, compute);
      const { values: asItComes } = await onDevice(make, () => compute().permute([...along]));
      const back = along.map((_, d) => along.indexOf(d));
      const lies = along.map((d) => shape[d] as number);
      const reference = (): Device => createInterpreterDevice({ lanes: 1 });
      const { values: turned } = await onDevice(reference, () =>
        fromOwned(Float32Array.from(asItComes[0] as ArrayLike<number>), lies).permute(back),
      );
      expect(values[0]).toEqual(turned[0]);
      if (target.lanes > 1) expect(namesOf(kernels).at(-1)).toBe("map");
    });
  }
});
