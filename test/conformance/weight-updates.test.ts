/**
 * Gradients of large weights with an optimizer's step behind them: the sums are stored alone, in the order of the weight, and
 * the step is made of them row by row. On every engine, with NaN in all memory that nobody has written.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F, fromOwned, nn, noGrad, optim, type Tensor } from "../../src/index.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, engineOn, onEngine, watched } from "./engines.ts";
import { numbers } from "./numbers.ts";
import { withPoisonedMemory } from "./poison.ts";

type Sizes = readonly number[];

interface Layer {
  readonly what: string;
  readonly input: Sizes;
  readonly weight: Sizes;
  apply(x: Tensor, weight: Tensor): Tensor;
}

const layers: readonly Layer[] = [
  { what: "a linear layer", input: [12, 100], weight: [96, 100], apply: (x, w) => F.linear(x, w) },
  {
    what: "a convolution",
    input: [3, 26, 7, 7],
    weight: [40, 26, 3, 3],
    apply: (x, w) => F.conv2d(x, w, { padding: 1 }),
  },
  {
    what: "a convolution of many pixels",
    input: [5, 40, 13, 12],
    weight: [48, 40, 3, 3],
    apply: (x, w) => F.conv2d(x, w, { padding: 1 }),
  },
  {
    what: "a convolution of stride 2",
    input: [2, 20, 9, 9],
    weight: [24, 20, 5, 5],
    apply: (x, w) => F.conv2d(x, w, { stride: 2, padding: 2 }),
  },
  {
    what: "a convolution along time",
    input: [4, 70, 31],
    weight: [33, 70, 5],
    apply: (x, w) => F.conv1d(x, w),
  },
];

/** The weight's gradients, and what it was after each of two steps. */
async function twoSteps(
  engine: Engine,
  { input, weight, apply }: Layer,
): Promise<{ gradients: Float32Array[]; weights: Float32Array[] }> {
  return onEngine(engine, async () => {
    const x = fromOwned(numbers(input, 3), [...input]).requiresGrad_();
    const w = new nn.Parameter(fromOwned(numbers(weight, 4), [...weight]));
    const sgd = new optim.SGD([w], { lr: 0.01, momentum: 0.5 });
    const found = { gradients: [] as Float32Array[], weights: [] as Float32Array[] };
    for (let step = 0; step < 2; step++) {
      sgd.zeroGrad();
      apply(x, w).mul(0.125).square().sum().backward();
      await sgd.step();
      found.gradients.push(Float32Array.from(await (w.grad as Tensor).data()));
      found.weights.push(Float32Array.from(await noGrad(() => w.clone()).data()));
    }
    return found;
  });
}

/** How many values of this size a kernel writes. */
const written = ({ buffers }: Kernel, size: number): number =>
  buffers.filter((b) => b.size === size && (b.access === "write" || b.access === "readwrite")).length;

function farthest(a: ArrayLike<number>, b: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - b(i)));
  return most;
}

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  for (const layer of layers) {
    test(`the weight of ${layer.what}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const kernels: Kernel[] = [];
      const device: Device = watched(withPoisonedMemory(make()), (p) => kernels.push(...p.kernels));
      const { gradients, weights } = await twoSteps(new Engine(device), layer);
      const strict = await twoSteps(engineOn("wasm, 1 thread", { strict: true }), layer);
      const [g1, g2] = gradients as [Float32Array, Float32Array];
      const [w1, w2] = weights as [Float32Array, Float32Array];
      const large = Math.max(...g1.map(Math.abs));
      expect(large).toBeGreaterThan(0.5);
      expect(farthest(g1, (i) => strict.gradients[0]?.[i] as number)).toBeLessThan(2e-5 * large);
      const w0 = numbers(layer.weight, 4);
      const at = (a: ArrayLike<number>, i: number): number => a[i] as number;
      expect(farthest(w1, (i) => at(w0, i) - 0.01 * at(g1, i))).toBeLessThan(1e-6 * large);
      expect(farthest(w2, (i) => at(w1, i) - 0.01 * (at(g2, i) + 0.5 * at(g1, i)))).toBeLessThan(
        1e-6 * large,
      );
      const sums = kernels.filter(({ name }) => /^contraction$|_sum$|_combine$/.test(name));
      expect(sums.length).toBeGreaterThan(0);
      for (const kernel of sums) expect(written(kernel, w0.length), kernel.name).toBeLessThan(2);
    });
  }
});
