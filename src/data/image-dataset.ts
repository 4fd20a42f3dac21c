/**
 * Labelled images of one size that lie in memory as bytes, one after the other: the base of Digits, MNIST and
 * its relatives. Knows no files.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { collateSamples } from "./collate.ts";
import { checkIndex, Dataset } from "./dataset.ts";
import type { HostArray, HostBatch, HostImage } from "./host-array.ts";
import { imageToArray } from "./host-array.ts";
import { RandomKey } from "./random-stream.ts";
import type { Transform } from "./transforms.ts";
import { applyTransform } from "./transforms.ts";

/** An image of shape [C, H, W], float32, and its class index. */
export type ImageSample = readonly [image: HostArray, label: number];

/** What an {@link ImageDataset} is made of. */
export interface ImageDatasetContent {
  /** Values of all images: N times C times H times W bytes. */
  readonly pixels: Uint8Array;
  /** Class indices of the N images. */
  readonly labels: Uint8Array | Int32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** The byte that becomes 1.0. Default 255. */
  readonly white?: number;
  /** Applied to each image, whose values are then 0 to 1. Default: none. */
  readonly transform?: Transform | undefined;
}

/**
 * Images with labels. A sample is `[image, label]` with an image of shape [C, H, W], float32, 0 to 1 (before
 * the transform); a batch is (N, C, H, W) and (N,) int32.
 *
 * @example
 * const content = { pixels: new Uint8Array([0, 255]), labels: new Uint8Array([1]), classes: ["a", "b"] };
 * const dataset = new data.ImageDataset({ ...content, channels: 1, height: 1, width: 2 });
 * dataset.get(0)[0].data; // [0, 1]
 */
export class ImageDataset extends Dataset<ImageSample> {
  readonly classes: readonly string[];
  /** Class indices of all images. */
  readonly labels: Uint8Array | Int32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly #pixels: Uint8Array;
  readonly #transform: Transform | undefined;
  /** Value of each byte: quicker than a division per pixel. */
  readonly #values: Float32Array;

  /** @throws ArgumentError when pixels and labels do not belong together. */
  constructor({
    pixels,
    labels,
    channels,
    height,
    width,
    classes,
    white = 255,
    transform,
  }: ImageDatasetContent) {
    super();
    if (pixels.length !== labels.length * channels * height * width) {
      throw new ArgumentError(
        `ImageDataset: ${pixels.length} pixels are not ${labels.length} images of ` +
          `${formatShape([channels, height, width])}`,
        { pixels: pixels.length, labels: labels.length, shape: [channels, height, width] },
      );
    }
    this.classes = classes;
    this.labels = labels;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.#pixels = pixels;
    this.#transform = transform;
    this.#values = Float32Array.from({ length: 256 }, (_, byte) => byte / white);
  }

  get length(): number {
    return this.labels.length;
  }

  get(index: number, key: RandomKey = new RandomKey(0)): ImageSample {
    checkIndex(index, this.length, this.constructor.name);
    const image: HostImage = {
      data: new Float32Array(this.#pixelsPerImage),
      channels: this.channels,
      height: this.height,
      width: this.width,
    };
    this.#copy(index, image.data, 0);
    const changed =
      this.#transform === undefined ? image : applyTransform(this.#transform, image, key.stream(index));
    return [imageToArray(changed), this.labels[index] as number];
  }

  override batch(indices: readonly number[], key: RandomKey = new RandomKey(0)): HostBatch<ImageSample> {
    if (this.#transform !== undefined) return collateSamples(indices.map((index) => this.get(index, key)));
    const size = this.#pixelsPerImage;
    const images = new Float32Array(indices.length * size);
    const labels = new Int32Array(indices.length);
    indices.forEach((index, n) => {
      checkIndex(index, this.length, this.constructor.name);
      this.#copy(index, images, n * size);
      labels[n] = this.labels[index] as number;
    });
    const shape = [indices.length, this.channels, this.height, this.width];
    return [
      { dtype: "float32", shape, data: images },
      { dtype: "int32", shape: [indices.length], data: labels },
    ];
  }

  get #pixelsPerImage(): number {
    return this.channels * this.height * this.width;
  }

  #copy(index: number, target: Float32Array, at: number): void {
    const size = this.#pixelsPerImage;
    const pixels = this.#pixels;
    const values = this.#values;
    const start = index * size;
    for (let i = 0; i < size; i++) target[at + i] = values[pixels[start + i] as number] as number;
  }
}

/** A file's array with the name that messages call it. */
export interface NamedArray {
  readonly source: string;
  readonly array: HostArray;
}

/**
 * Content of an {@link ImageDataset} out of a pair of IDX files, images (N, H, W) and labels (N,), both
 * bytes.
 *
 * @throws FileFormatError naming the file, what was found and what was expected.
 * @example
 * const images = { source: "images", array: { dtype: "uint8", shape: [1, 1, 2], data: new Uint8Array([0, 9]) } } as const;
 * const labels = { source: "labels", array: { dtype: "uint8", shape: [1], data: new Uint8Array([0]) } } as const;
 * data.imagesFromIdx(images, labels, { classes: ["a"] }).width; // 2
 */
export function imagesFromIdx(
  images: NamedArray,
  labels: NamedArray,
  { classes, transform }: { classes: readonly string[]; transform?: Transform | undefined },
): ImageDatasetContent {
  const pixels = bytesOf(images, 3, "images (N, H, W)");
  const classOf = bytesOf(labels, 1, "labels (N)");
  const [count, height, width] = images.array.shape as [number, number, number];
  if (classOf.length !== count) {
    throw new FileFormatError(
      `${labels.source}: found ${classOf.length} labels, expected ${count}, the number of images in ` +
        `${images.source}; ` +
        "take both files from the same place",
      { images: count, labels: classOf.length },
    );
  }
  const wrong = classOf.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    throw new FileFormatError(
      `${labels.source}: found label ${classOf[wrong]} at image ${wrong}, expected 0 to ` +
        `${classes.length - 1}; ` +
        "this is the file of another dataset",
      { image: wrong, label: classOf[wrong], classes: classes.length },
    );
  }
  return { pixels, labels: classOf, channels: 1, height, width, classes, transform };
}

function bytesOf({ source, array }: NamedArray, ndim: number, what: string): Uint8Array {
  if (array.dtype !== "uint8" || array.shape.length !== ndim || !(array.data instanceof Uint8Array)) {
    throw new FileFormatError(
      `${source}: found ${array.dtype} of shape ${formatShape(array.shape)}, expected uint8 ${what}; ` +
        "are the image and label files swapped?",
      { source, dtype: array.dtype, shape: array.shape },
    );
  }
  return array.data;
}
