/**
 * Turned images.
 */

import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { checkInterval, type ImageTransform, uniformIn } from "./transform.ts";

/** Options of {@link RandomRotation}. */
export interface RandomRotationOptions {
  /** How values between pixels are found. Default "nearest". */
  readonly interpolation?: "nearest" | "bilinear";
  /** Value of pixels that come from outside of the image. Default 0. */
  readonly fill?: number;
}

/**
 * Turns the image about its centre by a random angle; it keeps its size.
 *
 * @throws ArgumentError for a negative number or a range that is none, or an unknown interpolation.
 * @example
 * const image = { data: new Float32Array([1, 2, 3, 4]), channels: 1, height: 2, width: 2 };
 * const turn = new data.transforms.RandomRotation([90, 90]);
 * turn.apply(image, new data.RandomStream(0, 0)).data; // [2, 4, 1, 3]
 */
export class RandomRotation implements ImageTransform {
  readonly degrees: readonly [number, number];
  readonly interpolation: "nearest" | "bilinear";
  readonly fill: number;

  /** @param degrees Range of the angle, counter-clockwise; one number d stands for [-d, d]. */
  constructor(degrees: number | readonly [number, number], options: RandomRotationOptions = {}) {
    checkOptions(options, ["interpolation", "fill"], "RandomRotation");
    const { interpolation = "nearest", fill = 0 } = options;
    if (typeof degrees === "number" && !(degrees >= 0)) {
      throw new ArgumentError(`RandomRotation: degrees ${degrees} must be 0 or more; or give a range`, {
        degrees,
      });
    }
    const range = typeof degrees === "number" ? ([-degrees, degrees] as const) : degrees;
    this.degrees = checkInterval(range, Number.NEGATIVE_INFINITY, "degrees", "RandomRotation");
    if (!["nearest", "bilinear"].includes(interpolation)) {
      throw new ArgumentError(
        `RandomRotation: interpolation must be "nearest" or "bilinear"; got "${String(interpolation)}"`,
        { interpolation },
      );
    }
    this.interpolation = interpolation;
    this.fill = fill;
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    const radians = (uniformIn(this.degrees, random) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
    const { channels, height, width } = image;
    const plane = height * width;
    const out = new Float32Array(image.data.length);
    const sample = this.interpolation === "nearest" ? nearestAt : bilinearAt;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // Where the pixel comes from, by the inverse rotation about the centre.
        const [dx, dy] = [x + 0.5 - width / 2, y + 0.5 - height / 2];
        const sourceX = cos * dx - sin * dy + width / 2 - 0.5;
        const sourceY = sin * dx + cos * dy + height / 2 - 0.5;
        for (let c = 0; c < channels; c++) {
          out[c * plane + y * width + x] = sample(image, c * plane, sourceX, sourceY, this.fill);
        }
      }
    }
    return { ...image, data: out };
  }
}

type Sampler = (image: HostImage, plane: number, x: number, y: number, fill: number) => number;

const pixelAt: Sampler = ({ data, height, width }, plane, x, y, fill) =>
  x < 0 || y < 0 || x >= width || y >= height ? fill : (data[plane + y * width + x] as number);

/** Rounding errors of the angle's functions must not decide which of two equally near pixels is taken. */
const nearestAt: Sampler = (image, plane, x, y, fill) =>
  pixelAt(image, plane, Math.round(x - 1e-9), Math.round(y - 1e-9), fill);

const bilinearAt: Sampler = (image, plane, x, y, fill) => {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const upper =
    (1 - fx) * pixelAt(image, plane, left, top, fill) + fx * pixelAt(image, plane, left + 1, top, fill);
  const lower =
    (1 - fx) * pixelAt(image, plane, left, top + 1, fill) +
    fx * pixelAt(image, plane, left + 1, top + 1, fill);
  return (1 - fy) * upper + fy * lower;
};
