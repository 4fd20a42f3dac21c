/**
 * Gradients of convolutions with a stride, and transposed ones, whose parts are written in turn to one value: on every engine,
 * with NaN in all memory that nobody has written.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { autograd, F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, onEngine } from "./engines.ts";
import { withPoisonedMemory } from "./poison.ts";

type Pair = readonly [number, number];

interface Sizes {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  /** Of the input of the convolution. */
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** Small integers, of which sums of products are exact in float32. */
function numbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed * i * i) % 11) - 5);
}

const along = ({ size, kernel, stride, padding }: Sizes, d: 0 | 1): number =>
  Math.floor((size[d] + 2 * padding[d] - kernel[d]) / stride[d]) + 1;

/** The input gradient of a convolution by the definition. */
function truthOf(s: Sizes, up: Float32Array, weight: Float32Array): Float32Array {
  const { images, channels, filters, size, kernel, stride, padding } = s;
  const [down, across] = [along(s, 0), along(s, 1)];
  const result = new Float32Array(images * channels * size[0] * size[1]);
  for (let n = 0; n < images; n++)
    for (let o = 0; o < filters; o++)
      for (let y = 0; y < down; y++)
        for (let x = 0; x < across; x++) {
          const g = up[((n * filters + o) * down + y) * across + x] as number;
          for (let c = 0; c < channels; c++)
            for (let ky = 0; ky < kernel[0]; ky++)
              for (let kx = 0; kx < kernel[1]; kx++) {
                const [i, j] = [y * stride[0] + ky - padding[0], x * stride[1] + kx - padding[1]];
                if (i < 0 || j < 0 || i >= size[0] || j >= size[1]) continue;
                const at = ((n * channels + c) * size[0] + i) * size[1] + j;
                const w = weight[((o * channels + c) * kernel[0] + ky) * kernel[1] + kx] as number;
                result[at] = (result[at] as number) + g * w;
              }
        }
  return result;
}

const cases: readonly (readonly [string, Sizes])[] = [
  [
    "of stride 2",
    { images: 2, channels: 5, filters: 7, size: [16, 12], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  ],
  [
    "of odd sizes",
    { images: 2, channels: 8, filters: 4, size: [9, 11], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  ],
  [
    "of two strides",
    { images: 1, channels: 17, filters: 3, size: [12, 8], kernel: [3, 4], stride: [3, 2], padding: [0, 1] },
  ],
  [
    "whose windows do not meet",
    { images: 3, channels: 4, filters: 6, size: [8, 8], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  ],
  [
    "with zeros between the windows",
    { images: 2, channels: 6, filters: 5, size: [8, 8], kernel: [1, 2], stride: [2, 2], padding: [0, 0] },
  ],
  [
    "along one axis",
    { images: 4, channels: 9, filters: 8, size: [5, 20], kernel: [1, 5], stride: [1, 2], padding: [0, 2] },
  ],
];

/** What is computed on a device by what becomes of a gradient: wanted itself, and read again. */
function computed(device: Device, of: () => readonly Tensor[]): Promise<ArrayLike<number>[]> {
  const engine = new Engine(device);
  return onEngine(engine, async () => {
    const wanted = of();
    await engine.flush(wanted.map((t) => t.node));
    return Promise.all(wanted.map((t) => t.data()));
  });
}

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  for (const [what, s] of cases) {
    test(`the input gradient of a convolution ${what}`, async (context) => {
      context.skip(lacks !== undefined, lacks);
      const { images, channels, filters, size, kernel, stride, padding } = s;
      const x = numbers(images * channels * size[0] * size[1], 3);
      const w = numbers(filters * channels * kernel[0] * kernel[1], 5);
      const up = numbers(images * filters * along(s, 0) * along(s, 1), 2);
      const data = await computed(withPoisonedMemory(make()), () => {
        const input = fromOwned(x.slice(), [images, channels, ...size]).requiresGrad_();
        const weight = fromOwned(w.slice(), [filters, channels, ...kernel]);
        const y = F.conv2d(input, weight, { stride: [...stride], padding: [...padding] });
        const [gradient] = autograd.grad(y, [input], { gradOutputs: [fromOwned(up.slice(), y.shape)] });
        // A layer before it: another convolution reads the gradient, and statistics do.
        const before = F.conv2d(
          gradient as Tensor,
          fromOwned(numbers(3 * channels * 9, 7), [3, channels, 3, 3]),
          { padding: 1 },
        );
        return [gradient as Tensor, (gradient as Tensor).relu().sum([0, 2, 3]), before];
      });
      const truth = truthOf(s, up, w);
      expect(data[0]).toEqual(truth);
      const pixels = size[0] * size[1];
      const sums = Float32Array.from({ length: channels }, (_, c) => {
        let sum = 0;
        for (let n = 0; n < images; n++)
          for (let i = 0; i < pixels; i++)
            sum += Math.max(0, truth[(n * channels + c) * pixels + i] as number);
        return sum;
      });
      expect(data[1]).toEqual(sums);
      // As if it had come from outside.
      const again = await computed(withPoisonedMemory(make()), () => [
        F.conv2d(
          fromOwned(truth.slice(), [images, channels, ...size]),
          fromOwned(numbers(3 * channels * 9, 7), [3, channels, 3, 3]),
          { padding: 1 },
        ),
      ]);
      expect(data[2]).toEqual(again[0]);
    });
  }

  test("a transposed convolution", async (context) => {
    context.skip(lacks !== undefined, lacks);
    const s: Sizes = {
      images: 2,
      channels: 6,
      filters: 10,
      size: [12, 12],
      kernel: [4, 4],
      stride: [2, 2],
      padding: [1, 1],
    };
    const up = numbers(2 * 10 * 6 * 6, 2);
    const w = numbers(10 * 6 * 16, 5);
    const data = await computed(withPoisonedMemory(make()), () => {
      const y = F.convTranspose2d(fromOwned(up.slice(), [2, 10, 6, 6]), fromOwned(w.slice(), [10, 6, 4, 4]), {
        stride: 2,
        padding: 1,
      });
      return [y, y.relu()];
    });
    const truth = truthOf(s, up, w);
    expect(data[0]).toEqual(truth);
    expect(data[1]).toEqual(truth.map((v) => Math.max(0, v)));
  });
});
