/**
 * Convolutions with a group for each channel, whose vectors run along the groups: on every engine, with both gradients,
 * beside what the definition gives, and with NaN in all memory that nobody has written.
 */
import { describe, expect, test } from "vitest";
import { useEngine } from "../../src/engine/default.ts";
import { Engine } from "../../src/engine/engine.ts";
import { autograd, F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, watched } from "./engines.ts";
import { withPoisonedMemory } from "./poison.ts";

/** Images of `height` x `width` pixels. */
interface Sizes {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

const all: readonly Sizes[] = [
  { batch: 2, channels: 32, height: 9, width: 11, kernel: 3, stride: 1, padding: 1 },
  // Channels that fill no vector, and such that leave a part of one.
  { batch: 3, channels: 7, height: 6, width: 5, kernel: 3, stride: 1, padding: 1 },
  { batch: 1, channels: 83, height: 5, width: 8, kernel: 3, stride: 1, padding: 0 },
  { batch: 2, channels: 21, height: 10, width: 7, kernel: 3, stride: 2, padding: 1 },
  { batch: 1, channels: 40, height: 9, width: 9, kernel: 5, stride: 2, padding: 2 },
  // So many pixels that the weight gradient is summed in parts.
  { batch: 9, channels: 19, height: 14, width: 13, kernel: 3, stride: 1, padding: 1 },
];

const nameOf = ({ batch, channels, height, width, kernel, stride, padding }: Sizes): string =>
  `${batch} x ${height} x ${width} pixels of ${channels} channels, kernel ${kernel}, stride ${stride}, padding ${padding}`;

const outOf = (size: number, { kernel, stride, padding }: Sizes): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

const made = (count: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed * i * i) % 31) / 16 - 0.9);

interface Results {
  readonly y: ArrayLike<number>;
  readonly forX: ArrayLike<number>;
  readonly forW: ArrayLike<number>;
}

/** Images and gradients as N, H, W, C. */
function operandsOf(s: Sizes): {
  x: Float32Array<ArrayBuffer>;
  w: Float32Array<ArrayBuffer>;
  up: Float32Array<ArrayBuffer>;
} {
  const results = s.batch * outOf(s.height, s) * outOf(s.width, s) * s.channels;
  return {
    x: made(s.batch * s.height * s.width * s.channels, 3),
    w: made(s.channels * s.kernel ** 2, 5),
    up: made(results, 11),
  };
}

function truthOf(s: Sizes): Results {
  const { x, w, up } = operandsOf(s);
  const [down, across] = [outOf(s.height, s), outOf(s.width, s)];
  const [y, forX, forW] = [up, x, w].map((like) => new Float64Array(like.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let n = 0; n < s.batch; n++)
    for (let i = 0; i < down; i++)
      for (let j = 0; j < across; j++)
        for (let c = 0; c < s.channels; c++)
          for (let k = 0; k < s.kernel ** 2; k++) {
            const [row, column] = [Math.floor(k / s.kernel), k % s.kernel];
            const [a, b] = [i * s.stride + row - s.padding, j * s.stride + column - s.padding];
            if (a < 0 || b < 0 || a >= s.height || b >= s.width) continue;
            const at = ((n * s.height + a) * s.width + b) * s.channels + c;
            const out = ((n * down + i) * across + j) * s.channels + c;
            const weight = c * s.kernel ** 2 + k;
            y[out] = (y[out] as number) + (x[at] as number) * (w[weight] as number);
            forX[at] = (forX[at] as number) + (up[out] as number) * (w[weight] as number);
            forW[weight] = (forW[weight] as number) + (up[out] as number) * (x[at] as number);
          }
  return { y, forX, forW };
}

async function compute(engine: Engine, s: Sizes): Promise<Results> {
  useEngine(engine);
  const { x, w, up } = operandsOf(s);
  const images = (data: Float32Array<ArrayBuffer>, shape: number[]): Tensor => fromOwned(data, shape);
  const source = images(x, [s.batch, s.height, s.width, s.channels]).requiresGrad_();
  const weight = fromOwned(w, [s.channels, 1, s.kernel, s.kernel]).requiresGrad_();
  const { stride, padding } = s;
  const result = F.conv2d(source.permute([0, 3, 1, 2]), weight, { stride, padding, groups: s.channels });
  const y = result.permute([0, 2, 3, 1]);
  const gradOutputs = [images(up, y.shape as number[])];
  const [forX, forW] = autograd.grad(y, [source, weight], { gradOutputs }) as [Tensor, Tensor];
  return { y: await y.data(), forX: await forX.data(), forW: await forW.data() };
}

/** The kernels that a device compiles from now on. */
function kernelsOf(device: Device): Kernel[] {
  const kernels: Kernel[] = [];
  watched(device, (program) => {
    kernels.push(...program.kernels);
  });
  return kernels;
}

function expectClose(found: Results, truth: Results): void {
  for (const part of ["y", "forX", "forW"] as const) {
    const wanted = truth[part];
    // Sums of up to 1,638 numbers of size 1.
    Array.from(found[part]).forEach((value, i) => {
      expect(Math.abs(value - (wanted[i] as number)), `${part}[${i}]`).toBeLessThan(2e-4);
    });
  }
}

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  for (const s of all) {
    test(nameOf(s), async (context) => {
      context.skip(lacks !== undefined, lacks);
      const device = withPoisonedMemory(make());
      const kernels = kernelsOf(device);
      const engine = new Engine(device);
      const found = await compute(engine, s);
      await engine.close();
      expectClose(found, truthOf(s));
      // Channels one by one would be as many chunks. Without padding, images stay in the order that they are given in.
      const contractions = kernels.filter(({ name }) => name.startsWith("contraction"));
      expect(contractions.length).toBeGreaterThan(0);
      if (s.padding === 0) return;
      for (const { chunks } of contractions) expect(chunks % s.channels).not.toBe(0);
    }, 60_000);
  }
});
