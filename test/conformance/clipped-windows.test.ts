/**
 * Convolutions whose windows hang far over the edges of an image, where contractions leave the padding out: on every engine,
 * beside what the definition says.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";

interface Case {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly image: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly stride: number;
  /** What the image is padded with; zeros by default. */
  readonly around?: number;
  /** Whether the padding is left out. */
  readonly clipped: boolean;
  /** Whether the image is computed, and so has its channels side by side: where the padding is left out, it is not made then. */
  readonly computed?: boolean;
}

/** As the input gradient of LeNet-5's second convolution. */
const lenet: Case = {
  batch: 8,
  channels: 16,
  filters: 6,
  image: [10, 10],
  kernel: [5, 5],
  padding: [4, 4],
  stride: 1,
  clipped: true,
};

const overOneEdge: Case = {
  ...lenet,
  batch: 12,
  channels: 20,
  filters: 8,
  image: [6, 12],
  kernel: [5, 1],
  padding: [4, 0],
};

const cases: readonly Case[] = [
  lenet,
  { ...lenet, batch: 48, channels: 8, filters: 20, image: [4, 9], kernel: [5, 3], padding: [4, 2] },
  // Over one edge only, and windows that lie in the padding altogether.
  overOneEdge,
  { ...lenet, batch: 16, channels: 4, filters: 8, image: [3, 3], padding: [6, 7] },
  { ...lenet, batch: 16, channels: 8, filters: 12, image: [7, 7], stride: 2 },
  { ...lenet, computed: true },
  { ...overOneEdge, computed: true },
  { ...lenet, batch: 16, channels: 8, filters: 12, image: [7, 7], stride: 2, computed: true },
  { ...lenet, channels: 8, image: [28, 28], padding: [1, 1], clipped: false, computed: true },
  // Other numbers than zero count.
  { ...lenet, around: 0.125, clipped: false, computed: true },
  { ...lenet, around: 0.125, clipped: false },
  // No images to make tiles of; a sum that is too short; too little to gain.
  { ...lenet, batch: 1, clipped: false },
  { ...lenet, batch: 10, channels: 1, clipped: false },
  { ...lenet, channels: 8, image: [28, 28], padding: [1, 1], clipped: false },
];

const values = (count: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed * i * i) % 31) / 16 - 0.9);

const outputSize = (c: Case, axis: 0 | 1): number =>
  Math.floor((c.image[axis] + 2 * c.padding[axis] - c.kernel[axis]) / c.stride) + 1;

interface Operands {
  readonly x: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
}

function operandsOf({ batch, channels, filters, image, kernel }: Case): Operands {
  return {
    x: values(batch * channels * image[0] * image[1], 3),
    weight: values(filters * channels * kernel[0] * kernel[1], 5),
  };
}

/** out[n, f, y, x] = sum over c, i, j of x[n, c, y * s + i - p, x * s + j - p] * w[f, c, i, j]. */
function truthOf(c: Case, { x, weight }: Operands): Float64Array {
  const [rows, columns] = [outputSize(c, 0), outputSize(c, 1)];
  const [height, width] = c.image;
  const [kernelY, kernelX] = c.kernel;
  return Float64Array.from({ length: c.batch * c.filters * rows * columns }, (_, at) => {
    const [ox, oy] = [at % columns, Math.floor(at / columns) % rows];
    const f = Math.floor(at / columns / rows) % c.filters;
    const n = Math.floor(at / columns / rows / c.filters);
    let sum = 0;
    for (let k = 0; k < c.channels * kernelY * kernelX; k++) {
      const ix = ox * c.stride + (k % kernelX) - c.padding[1];
      const iy = oy * c.stride + (Math.floor(k / kernelX) % kernelY) - c.padding[0];
      const isInside = ix >= 0 && ix < width && iy >= 0 && iy < height;
      const channel = Math.floor(k / kernelX / kernelY);
      const pixel = isInside
        ? (x[((n * c.channels + channel) * height + iy) * width + ix] as number)
        : (c.around ?? 0);
      sum += pixel * (weight[f * c.channels * kernelY * kernelX + k] as number);
    }
    return sum;
  });
}

interface Convolved {
  readonly result: Float32Array;
  /** Multiplications and additions of the last contraction. */
  readonly flops: number;
  /** Whether a kernel writes the padding. */
  readonly pads: boolean;
}

/** The image as an input, or as the result of another convolution, which gives each channel as it is. */
function imageOf({ batch, channels, image, computed }: Case, x: Float32Array<ArrayBuffer>): Tensor {
  const given = fromOwned(x, [batch, channels, ...image]);
  if (computed !== true) return given;
  const same = Float32Array.from({ length: channels * channels }, (_, i) =>
    i % (channels + 1) === 0 ? 1 : 0,
  );
  return F.conv2d(given, fromOwned(same, [channels, channels, 1, 1]));
}

async function convolve(device: Device, c: Case): Promise<Convolved> {
  const [py, px] = c.padding;
  const padded = [c.batch, c.channels, c.image[0] + 2 * py, c.image[1] + 2 * px];
  let [flops, pads] = [0, false];
  watched(device, (program) => {
    for (const { name, about, flops: own } of program.kernels) {
      if (name === "contraction") flops = own;
      else pads ||= `${about}`.startsWith(padded.join("x"));
    }
  });
  const result = await onEngine(new Engine(device), async () => {
    const { x, weight } = operandsOf(c);
    const image = F.pad(imageOf(c, x), [px, px, py, py], { value: c.around ?? 0 });
    const out = F.conv2d(image, fromOwned(weight, [c.filters, c.channels, ...c.kernel]), {
      stride: c.stride,
    });
    return Float32Array.from(await out.data());
  });
  return { result, flops, pads };
}

const nameOf = (c: Case): string =>
  `${c.batch} x ${c.image.join(" x ")} pixels, ${c.channels} channels to ${c.filters}, ` +
  `kernel ${c.kernel.join(" x ")}, padding ${c.padding.join(", ")}, stride ${c.stride}${c.around === undefined ? "" : `, around ${c.around}`}` +
  `${c.computed === true ? ", computed" : ""}`;

const truths = new Map<Case, Float64Array>();
beforeAll(() => {
  for (const c of cases) truths.set(c, truthOf(c, operandsOf(c)));
});

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test.for(cases.map((c) => ({ name: nameOf(c), c })))("$name", async ({ c }, context) => {
    context.skip(lacks !== undefined, lacks);
    const { result, flops, pads } = await convolve(make(), c);
    const truth = truths.get(c) as Float64Array;
    expect(result.length).toBe(truth.length);
    const most = result.reduce((m, v, i) => Math.max(m, Math.abs(v - (truth[i] as number))), 0);
    expect(most).toBeLessThan(1e-4);
    const all = 2 * truth.length * c.channels * c.kernel[0] * c.kernel[1];
    if (c.computed === true) expect(pads).toBe(!c.clipped);
    if (c.clipped) expect(flops).toBeLessThan(0.85 * all);
    // Pixels that lie in pairs have windows that are wider by one.
    else expect([all, (all * (c.kernel[1] + 1)) / c.kernel[1]]).toContain(flops);
  });
});
