/**
 * Transforms in a row.
 */
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { applyTransform, type ImageTransform, type Transform } from "./transform.ts";

/**
 * Several transforms, one after the other.
 *
 * @example
 * const { Compose, Normalize, RandomCrop } = data.transforms;
 * const transform = new Compose([new RandomCrop(8, { padding: 1 }), new Normalize([0.305], [0.376])]);
 * new data.Digits({ transform }).get(0)[0].shape; // [1, 8, 8]
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
 *
 * @example
 * const transform = new data.transforms.Compose([new data.transforms.ToTensor()]);
 */
export class ToTensor implements ImageTransform {
  apply(image: HostImage): HostImage {
    return image;
  }
}
