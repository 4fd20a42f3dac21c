/**
 * Changes to one image before it joins a batch. Images are `HostImage`s: float32, channels first, values
 * usually 0 to 1. A transform never changes its input, and takes its random choices only from the stream that
 * it is given, so the same (seed, epoch, index) gives the same image.
 */
import { ArgumentError } from "../base/errors.ts";
import type { HostImage } from "./host-array.ts";
import type { RandomStream } from "./random-stream.ts";

/** A step of preparation as an object, as the classes here are. */
export interface ImageTransform {
  /** @param random Where random choices come from. */
  apply(image: HostImage, random: RandomStream): HostImage;
}

/** A step of preparation: one of the classes here, or a plain function. */
export type Transform = ImageTransform | ((image: HostImage, random: RandomStream) => HostImage);

/** Runs a transform of either form. */
export function applyTransform(transform: Transform, image: HostImage, random: RandomStream): HostImage {
  return typeof transform === "function" ? transform(image, random) : transform.apply(image, random);
}

/**
 * Several transforms, one after the other.
 *
 * @example
 * const transform = new Compose([new RandomCrop(28, { padding: 2 }), new Normalize([0.2860], [0.3530])]);
 */
export class Compose implements ImageTransform {
  readonly transforms: readonly Transform[];

  constructor(transforms: readonly Transform[]) {
    this.transforms = transforms;
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    return this.transforms.reduce((current, step) => applyTransform(step, current, random), image);
  }
}

/**
 * Gives the image as it is. Datasets here already give float32 images of 0 to 1 with the channels first,
 * which in torchvision is this transform's work; it exists so that a list of transforms reads the same.
 */
export class ToTensor implements ImageTransform {
  apply(image: HostImage): HostImage {
    return image;
  }
}

/**
 * Shifts and scales each channel: `(value - mean[c]) / std[c]`.
 *
 * @throws ArgumentError when the lists differ in length, hold something else than finite numbers, or a `std`
 * is 0; and at the image, when it has another number of channels (a single value serves all channels).
 */
export class Normalize implements ImageTransform {
  readonly mean: readonly number[];
  readonly std: readonly number[];

  constructor(mean: readonly number[], std: readonly number[]) {
    if (mean.length === 0 || mean.length !== std.length) {
      throw new ArgumentError(
        `Normalize: mean has ${mean.length} values and std ${std.length}; give one of each per channel`,
        { mean, std },
      );
    }
    if (![...mean, ...std].every(Number.isFinite) || std.includes(0)) {
      throw new ArgumentError(
        `Normalize: mean [${mean.join(", ")}], std [${std.join(", ")}] must be finite, and no std may be 0`,
        { mean, std },
      );
    }
    this.mean = mean;
    this.std = std;
  }

  apply(image: HostImage): HostImage {
    const { channels, data } = image;
    if (this.mean.length !== 1 && this.mean.length !== channels) {
      throw new ArgumentError(
        `Normalize: the image has ${channels} channel${channels === 1 ? "" : "s"}, but mean and std have ` +
          `${this.mean.length} values; give one per channel`,
        { channels, mean: this.mean, std: this.std },
      );
    }
    const plane = image.height * image.width;
    const out = new Float32Array(data.length);
    for (let c = 0; c < channels; c++) {
      const mean = this.mean[c] ?? (this.mean[0] as number);
      const scale = 1 / (this.std[c] ?? (this.std[0] as number));
      for (let i = c * plane; i < (c + 1) * plane; i++) out[i] = ((data[i] as number) - mean) * scale;
    }
    return { ...image, data: out };
  }
}

/**
 * Mirrors the image left to right with probability `p`.
 *
 * @throws ArgumentError when `p` is not between 0 and 1.
 */
export class RandomHorizontalFlip implements ImageTransform {
  readonly p: number;

  /** @param options.p Probability. Default 0.5. */
  constructor({ p = 0.5 }: { p?: number } = {}) {
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(`RandomHorizontalFlip: p ${p} is not a probability; give 0 to 1`, { p });
    }
    this.p = p;
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    return random.uniform() < this.p ? flipHorizontally(image) : image;
  }
}

function flipHorizontally(image: HostImage): HostImage {
  const { data, width } = image;
  const out = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    for (let x = 0; x < width; x++) out[row + x] = data[row + width - 1 - x] as number;
  }
  return { ...image, data: out };
}

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions {
  /** Pixels added on every side before the cut. Default 0. */
  readonly padding?: number;
  /** Value of the added pixels. Default 0. */
  readonly fill?: number;
}

/**
 * Cuts a piece of the given size out of the (padded) image, at a random place.
 *
 * @throws ArgumentError when `size` or `padding` is no such integer; and at the image, when it is too small.
 */
export class RandomCrop implements ImageTransform {
  readonly height: number;
  readonly width: number;
  readonly padding: number;
  readonly fill: number;

  /** @param size Height and width of the piece in pixels: one number for a square, or the pair. */
  constructor(size: number | readonly [number, number], { padding = 0, fill = 0 }: RandomCropOptions = {}) {
    const [height, width] = typeof size === "number" ? [size, size] : size;
    if (
      ![height, width].every((n) => Number.isInteger(n) && n > 0) ||
      !Number.isInteger(padding) ||
      padding < 0
    ) {
      throw new ArgumentError(
        `RandomCrop: size ${height} x ${width} with padding ${padding}; give integers, sizes above 0, ` +
          "padding 0 or more",
        { size, padding },
      );
    }
    this.height = height;
    this.width = width;
    this.padding = padding;
    this.fill = fill;
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    const spareRows = image.height + 2 * this.padding - this.height;
    const spareColumns = image.width + 2 * this.padding - this.width;
    if (spareRows < 0 || spareColumns < 0) {
      throw new ArgumentError(
        `RandomCrop: cannot cut ${this.height} x ${this.width} out of an image of ${image.height} x ` +
          `${image.width} ` +
          `with padding ${this.padding}; choose a smaller size or more padding`,
        { size: [this.height, this.width], image: [image.height, image.width], padding: this.padding },
      );
    }
    const top = random.below(spareRows + 1) - this.padding;
    const left = random.below(spareColumns + 1) - this.padding;
    return this.#cut(image, top, left);
  }

  /** The piece whose upper left corner lies at (top, left) of the image, which may be outside of it. */
  #cut(image: HostImage, top: number, left: number): HostImage {
    const { height, width } = this;
    const data = new Float32Array(image.channels * height * width).fill(this.fill);
    const firstColumn = Math.max(0, left);
    const endColumn = Math.min(image.width, left + width);
    for (let c = 0; c < image.channels; c++) {
      for (let y = Math.max(0, top); y < Math.min(image.height, top + height); y++) {
        const source = (c * image.height + y) * image.width;
        const target = (c * height + y - top) * width + firstColumn - left;
        if (endColumn > firstColumn)
          data.set(image.data.subarray(source + firstColumn, source + endColumn), target);
      }
    }
    return { channels: image.channels, height, width, data };
  }
}
