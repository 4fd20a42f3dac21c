/**
 * Pieces of images.
 */

import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { checkImageSize, type ImageSize, type ImageTransform } from "./transform.ts";

/** The piece of a height and width whose upper left corner lies at (top, left), which may be outside of the image. */
function cut(
  image: HostImage,
  [top, left, height, width]: readonly [number, number, number, number],
  fill: number,
): HostImage {
  const data = new Float32Array(image.channels * height * width).fill(fill);
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
 * @example
 * const crop = new data.transforms.RandomCrop(8, { padding: 1 });
 * new data.Digits({ transform: crop }).get(0)[0].shape; // [1, 8, 8]
 */
export class RandomCrop implements ImageTransform {
  readonly height: number;
  readonly width: number;
  readonly padding: number;
  readonly fill: number;

  /** @param size Height and width of the piece in pixels: one number for a square, or the pair. */
  constructor(size: ImageSize, options: RandomCropOptions = {}) {
    checkOptions(options, ["padding", "fill"], "RandomCrop");
    const { padding = 0, fill = 0 } = options;
    const [height, width] = checkImageSize(size, "RandomCrop");
    if (!Number.isInteger(padding) || padding < 0) {
      throw new ArgumentError(`RandomCrop: padding ${padding} is not an integer of 0 or more`, { padding });
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
    return cut(image, [top, left, this.height, this.width], this.fill);
  }
}

/**
 * Cuts the middle out of the image. Where the image is smaller, zeros surround it.
 *
 * @throws ArgumentError when `size` is not made of integers above 0.
 * @example
 * const image = { data: new Float32Array([1, 2, 3]), channels: 1, height: 1, width: 3 };
 * new data.transforms.CenterCrop(1).apply(image).data; // [2]
 */
export class CenterCrop implements ImageTransform {
  readonly height: number;
  readonly width: number;

  /** @param size Height and width of the piece in pixels: one number for a square, or the pair. */
  constructor(size: ImageSize) {
    [this.height, this.width] = checkImageSize(size, "CenterCrop");
  }

  apply(image: HostImage): HostImage {
    const [top, left] = [middle(image.height, this.height), middle(image.width, this.width)];
    return cut(image, [top, left, this.height, this.width], 0);
  }
}

/** Where a piece starts; an odd rest goes where torchvision puts it: halves are rounded to even numbers. */
function middle(length: number, piece: number): number {
  if (piece > length) return -Math.floor((piece - length) / 2);
  const half = (length - piece) / 2;
  return Number.isInteger(half) ? half : 2 * Math.round(half / 2);
}
