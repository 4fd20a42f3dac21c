/**
 * Images with a hole.
 */

import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { checkInterval, checkProbability, type ImageTransform, normal, uniformIn } from "./transform.ts";

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions {
  /** Probability that something is erased. Default 0.5. */
  readonly p?: number;
  /** Range of the erased share of the image. Default [0.02, 0.33]. */
  readonly scale?: readonly [number, number];
  /** Range of height / width of what is erased. Default [0.3, 3.3]. */
  readonly ratio?: readonly [number, number];
  /** What stands there then: a number, one for each channel, or "random" for normal noise. Default 0. */
  readonly value?: number | readonly number[] | "random";
}

/**
 * Erases a rectangle of random place, area and shape, so that no single part of an image decides. Put it after
 * `Normalize`: then 0 is the mean.
 * Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang, "Random erasing data augmentation", 2020.
 *
 * @throws ArgumentError for options out of range; and at the image, for a list of values of another length.
 * @example
 * const image = { data: new Float32Array(64).fill(1), channels: 1, height: 8, width: 8 };
 * const erase = new data.transforms.RandomErasing({ p: 1, scale: [0.25, 0.25], ratio: [1, 1] });
 * erase.apply(image, new data.RandomStream(0, 0)).data.filter((v) => v === 0).length; // 16
 */
export class RandomErasing implements ImageTransform {
  readonly p: number;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly value: number | readonly number[] | "random";

  constructor(options: RandomErasingOptions = {}) {
    checkOptions(options, ["p", "scale", "ratio", "value"], "RandomErasing");
    const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
    this.p = checkProbability(p, "RandomErasing");
    this.scale = checkInterval(scale, 0, "scale", "RandomErasing");
    this.ratio = checkInterval(ratio, Number.MIN_VALUE, "ratio", "RandomErasing");
    if (scale[1] > 1) {
      throw new ArgumentError(`RandomErasing: scale [${scale.join(", ")}] is a share; give 0 to 1`, {
        scale,
      });
    }
    this.value = value;
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    if (random.uniform() >= this.p) return image;
    const box = this.#box(image, random);
    if (box === null) return image;
    const { channels, height, width } = image;
    const data = image.data.slice();
    for (let c = 0; c < channels; c++) {
      const fill = this.#filler(c, channels, random);
      for (let y = box.top; y < box.top + box.height; y++) {
        const row = (c * height + y) * width;
        for (let x = row + box.left; x < row + box.left + box.width; x++) data[x] = fill();
      }
    }
    return { ...image, data };
  }

  /** A rectangle smaller than the image, or null when ten attempts gave none. */
  #box({ height, width }: HostImage, random: RandomStream): Box | null {
    const logRatio = [Math.log(this.ratio[0]), Math.log(this.ratio[1])] as const;
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = height * width * uniformIn(this.scale, random);
      const ratio = Math.exp(uniformIn(logRatio, random));
      const [h, w] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
      if (h < height && w < width) {
        return { top: random.below(height - h + 1), left: random.below(width - w + 1), height: h, width: w };
      }
    }
    return null;
  }

  #filler(channel: number, channels: number, random: RandomStream): () => number {
    const { value } = this;
    if (value === "random") return () => normal(random);
    if (typeof value === "number") return () => value;
    if (value.length !== channels) {
      throw new ArgumentError(
        `RandomErasing: value has ${value.length} numbers, the image has ${channels} channels; give one per channel`,
        { value, channels },
      );
    }
    return () => value[channel] as number;
  }
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}
