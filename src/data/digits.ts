/**
 * 1,797 real handwritten digits of 8x8 pixels that come with the package: enough to train a small network in
 * seconds, in Node and in the browser, without a download.
 */

import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { digitsText } from "./digits-data.ts";
import { ImageDataset } from "./image-dataset.ts";
import type { Transform } from "./transforms.ts";

/** Images of the train split; the rest are the test split. */
const trainCount = 1437;
const pixelsPerImage = 64;

/** Options of {@link Digits}. */
export interface DigitsOptions {
  /** Which images. Default "train". */
  readonly split?: "train" | "test";
  /** Applied to each image. Default: none. */
  readonly transform?: Transform;
}

let parsed: { pixels: Uint8Array; labels: Uint8Array } | undefined;

/** All images and labels, read out of the text at the first use. */
function allDigits(): { pixels: Uint8Array; labels: Uint8Array } {
  if (parsed !== undefined) return parsed;
  const lines = digitsText.trim().split("\n");
  const pixels = new Uint8Array(lines.length * pixelsPerImage);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, n) => {
    for (let i = 0; i < pixelsPerImage; i++)
      pixels[n * pixelsPerImage + i] = Number.parseInt(line.charAt(i), 17);
    labels[n] = Number(line.charAt(pixelsPerImage));
  });
  parsed = { pixels, labels };
  return parsed;
}

/**
 * Handwritten digits: images [1, 8, 8], float32 of 0 to 1 in steps of 1/16, and labels 0 to 9.
 *
 * "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998, UCI, CC BY 4.0), the test
 * part, in its own order. There the labels repeat in blocks of about 128 images, it seems one per writer; so
 * the split keeps the order: `train` is the first 1,437 images, `test` the last 360, almost only by other
 * hands. A random split would put every hand into both parts and flatter the accuracy. Every class has 141 to
 * 146 images in `train` and 33 to 37 in `test`.
 *
 * @throws ArgumentError for an unknown split.
 * @example
 * const digits = new data.Digits({ split: "train" });
 * const [image, label] = digits.get(0);
 * label; // 0
 */
export class Digits extends ImageDataset {
  constructor(options: DigitsOptions = {}) {
    checkOptions(options, ["split", "transform"], "Digits");
    const { split = "train", transform } = options;
    if (split !== "train" && split !== "test") {
      throw new ArgumentError(`Digits: split "${String(split)}" does not exist; use "train" or "test"`, {
        split,
      });
    }
    const { pixels, labels } = allDigits();
    const [start, end] = split === "train" ? [0, trainCount] : [trainCount, labels.length];
    super({
      pixels: pixels.subarray(start * pixelsPerImage, end * pixelsPerImage),
      labels: labels.subarray(start, end),
      channels: 1,
      height: 8,
      width: 8,
      classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
      white: 16,
      transform,
    });
  }
}
