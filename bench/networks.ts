/**
 * The networks of the bench as data: every library builds them from this description, with the same weights.
 */

export type Layer =
  | {
      readonly kind: "conv";
      readonly inside: number;
      readonly out: number;
      readonly size: number;
      readonly padding: number;
      readonly bias: boolean;
    }
  | { readonly kind: "norm"; readonly channels: number }
  | { readonly kind: "relu" }
  /** Maximum of 2 x 2 pixels. */
  | { readonly kind: "pool" }
  /** Mean over the image; gives (N, C). */
  | { readonly kind: "means" }
  | { readonly kind: "flatten" }
  | { readonly kind: "linear"; readonly inside: number; readonly out: number }
  /** Two 3 x 3 convolutions around which the input is added again (He et al., 2016), projected where shapes differ. */
  | { readonly kind: "block"; readonly inside: number; readonly out: number; readonly stride: number };

export type NetworkId = "mlp" | "wide" | "lenet5" | "conv" | "resnet20";

export interface Network {
  readonly id: NetworkId;
  readonly name: string;
  /** Channels, height and width of an image. */
  readonly input: readonly [number, number, number];
  readonly layers: readonly Layer[];
}

const conv = (inside: number, out: number, size: number, padding: number, bias = true): Layer => ({
  kind: "conv",
  inside,
  out,
  size,
  padding,
  bias,
});
const norm = (channels: number): Layer => ({ kind: "norm", channels });
const linear = (inside: number, out: number): Layer => ({ kind: "linear", inside, out });
const block = (inside: number, out: number, stride: number): Layer => ({
  kind: "block",
  inside,
  out,
  stride,
});
const relu: Layer = { kind: "relu" };
const pool: Layer = { kind: "pool" };
const means: Layer = { kind: "means" };
const flatten: Layer = { kind: "flatten" };

export const networks: readonly Network[] = [
  {
    id: "mlp",
    name: "MLP 784-256-128-10",
    input: [1, 28, 28],
    layers: [flatten, linear(784, 256), relu, linear(256, 128), relu, linear(128, 10)],
  },
  {
    id: "wide",
    name: "MLP 784-2048-2048-10",
    input: [1, 28, 28],
    layers: [flatten, linear(784, 2048), relu, linear(2048, 2048), relu, linear(2048, 10)],
  },
  {
    id: "lenet5",
    name: "LeNet-5, 28x28",
    input: [1, 28, 28],
    layers: [
      ...[conv(1, 6, 5, 2), relu, pool],
      ...[conv(6, 16, 5, 0), relu, pool],
      ...[flatten, linear(400, 120), relu, linear(120, 84), relu, linear(84, 10)],
    ],
  },
  {
    id: "conv",
    name: "conv32-64-128 + BN + GAP, 28x28",
    input: [1, 28, 28],
    layers: [
      ...[conv(1, 32, 3, 1), norm(32), relu, pool],
      ...[conv(32, 64, 3, 1), norm(64), relu, pool],
      ...[conv(64, 128, 3, 1), norm(128), relu, means, linear(128, 10)],
    ],
  },
  {
    id: "resnet20",
    name: "ResNet-20, 32x32",
    input: [3, 32, 32],
    layers: [
      ...[conv(3, 16, 3, 1, false), norm(16), relu],
      ...[block(16, 16, 1), block(16, 16, 1), block(16, 16, 1)],
      ...[block(16, 32, 2), block(32, 32, 1), block(32, 32, 1)],
      ...[block(32, 64, 2), block(64, 64, 1), block(64, 64, 1)],
      ...[means, linear(64, 10)],
    ],
  },
];

/** Whether the shortcut of a block is a convolution. */
export const isProjected = (layer: Layer & { kind: "block" }): boolean =>
  layer.stride !== 1 || layer.inside !== layer.out;

/** Pixels of all images are sines, as other languages can make them too. */
export const imageAt = (i: number): number => Math.sin(i * 0.7);

export interface Images {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export function imagesOf({ input }: Network, batch: number): Images {
  const shape = [batch, ...input];
  const length = shape.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length }, (_, i) => imageAt(i)), shape };
}

/**
 * The classes in turn, beginning with another one at each step, so that nothing can be learned by heart: gradients of a
 * network that has done so are smaller than 2 ** -126, for which processors take a hundred times as long.
 */
export function labelsOf(batch: number, step = 0): Int32Array {
  const key = 10 * batch + (step % 10);
  const labels = labelsBefore.get(key) ?? Int32Array.from({ length: batch }, (_, i) => (i + step) % 10);
  labelsBefore.set(key, labels);
  return labels;
}

/** Made once, as the images are: making them is no part of a step. */
const labelsBefore = new Map<number, Int32Array>();
