/**
 * Mirror images.
 */
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { checkProbability, type ImageTransform } from "./transform.ts";

/** Options of the flips. */
export interface FlipOptions {
  /** Probability of the flip. Default 0.5. */
  readonly p?: number;
}

/**
 * Mirrors the image left to right with probability `p`.
 *
 * @throws ArgumentError when `p` is not between 0 and 1.
 * @example
 * const image = { data: new Float32Array([1, 2, 3, 4]), channels: 1, height: 2, width: 2 };
 * new data.transforms.RandomHorizontalFlip({ p: 1 }).apply(image, new data.RandomStream(0, 0)).data; // [2, 1, 4, 3]
 */
export class RandomHorizontalFlip implements ImageTransform {
  readonly p: number;

  constructor(options: FlipOptions = {}) {
    checkOptions(options, ["p"], "RandomHorizontalFlip");
    const { p = 0.5 } = options;
    this.p = checkProbability(p, "RandomHorizontalFlip");
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    return random.uniform() < this.p ? flipHorizontally(image) : image;
  }
}

/**
 * Mirrors the image top to bottom with probability `p`.
 *
 * @throws ArgumentError when `p` is not between 0 and 1.
 * @example
 * const image = { data: new Float32Array([1, 2, 3, 4]), channels: 1, height: 2, width: 2 };
 * new data.transforms.RandomVerticalFlip({ p: 1 }).apply(image, new data.RandomStream(0, 0)).data; // [3, 4, 1, 2]
 */
export class RandomVerticalFlip implements ImageTransform {
  readonly p: number;

  constructor(options: FlipOptions = {}) {
    checkOptions(options, ["p"], "RandomVerticalFlip");
    const { p = 0.5 } = options;
    this.p = checkProbability(p, "RandomVerticalFlip");
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    return random.uniform() < this.p ? flipVertically(image) : image;
  }
}

function flipVertically(image: HostImage): HostImage {
  const { data, channels, height, width } = image;
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * height + height - 1 - y) * width;
      out.set(data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  return { ...image, data: out };
}

function flipHorizontally(image: HostImage): HostImage {
  const { data, width } = image;
  const out = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    for (let x = 0; x < width; x++) out[row + x] = data[row + width - 1 - x] as number;
  }
  return { ...image, data: out };
}
