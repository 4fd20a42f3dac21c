/**
 * Images in other colours. Channels are red, green and blue, or one of grey; values 0 to 1.
 */

import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";
import { checkInterval, type ImageTransform, uniformIn } from "./transform.ts";

/** Options of {@link Grayscale}. */
export interface GrayscaleOptions {
  /** Channels of the result, all equal. Default 1. */
  readonly numOutputChannels?: 1 | 3;
}

/**
 * The brightness of each pixel: 0.2989 R + 0.587 G + 0.114 B.
 *
 * @throws ArgumentError for an image of other than 1 or 3 channels.
 * @example
 * const red = { data: new Float32Array([1, 0, 0]), channels: 3, height: 1, width: 1 };
 * new data.transforms.Grayscale().apply(red).data; // [0.2989]
 */
export class Grayscale implements ImageTransform {
  readonly numOutputChannels: 1 | 3;

  constructor(options: GrayscaleOptions = {}) {
    checkOptions(options, ["numOutputChannels"], "Grayscale");
    const { numOutputChannels = 1 } = options;
    if (numOutputChannels !== 1 && numOutputChannels !== 3) {
      throw new ArgumentError(
        `Grayscale: numOutputChannels must be 1 or 3; got ${String(numOutputChannels)}`,
        {
          numOutputChannels,
        },
      );
    }
    this.numOutputChannels = numOutputChannels;
  }

  apply(image: HostImage): HostImage {
    checkChannels(image, "Grayscale");
    const grey = greyOf(image);
    const data = new Float32Array(grey.length * this.numOutputChannels);
    for (let c = 0; c < this.numOutputChannels; c++) data.set(grey, c * grey.length);
    return { ...image, channels: this.numOutputChannels, data };
  }
}

/** Options of {@link ColorJitter}: a number x stands for the range [max(0, 1 - x), 1 + x], for hue for [-x, x]. */
export interface ColorJitterOptions {
  /** Factor of all values. Default 0: no change. */
  readonly brightness?: number | readonly [number, number];
  /** Factor of the distance from the mean brightness. Default 0: no change. */
  readonly contrast?: number | readonly [number, number];
  /** Factor of the distance from grey. Default 0: no change. */
  readonly saturation?: number | readonly [number, number];
  /** Part of the colour circle by which colours are turned, within -0.5 to 0.5. Default 0: no change. */
  readonly hue?: number | readonly [number, number];
}

/** One change, by a number that is drawn for each image. */
interface Change {
  readonly range: readonly [number, number];
  readonly apply: (image: HostImage, by: number) => HostImage;
}

/**
 * Changes brightness, contrast, saturation and hue at random, in random order. Values stay within 0 to 1. An image of one
 * channel has neither saturation nor hue.
 *
 * @throws ArgumentError for options out of range; and at the image, for other than 1 or 3 channels.
 * @example
 * const image = { data: new Float32Array([0.2, 0.4, 0.6]), channels: 3, height: 1, width: 1 };
 * const jitter = new data.transforms.ColorJitter({ brightness: [0.5, 0.5] });
 * jitter.apply(image, new data.RandomStream(0, 0)).data; // [0.1, 0.2, 0.3]
 */
export class ColorJitter implements ImageTransform {
  readonly #changes: readonly Change[];

  constructor(options: ColorJitterOptions = {}) {
    checkOptions(options, ["brightness", "contrast", "saturation", "hue"], "ColorJitter");
    const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
    const turns = typeof hue === "number" ? ([-hue, hue] as const) : hue;
    this.#changes = [
      { range: factors(brightness, "brightness"), apply: adjustBrightness },
      { range: factors(contrast, "contrast"), apply: adjustContrast },
      { range: factors(saturation, "saturation"), apply: adjustSaturation },
      { range: checkInterval(turns, -0.5, "hue", "ColorJitter"), apply: adjustHue },
    ];
    if (turns[1] > 0.5) {
      throw new ArgumentError(`ColorJitter: hue [${turns.join(", ")}] must lie within -0.5 to 0.5`, { hue });
    }
  }

  apply(image: HostImage, random: RandomStream): HostImage {
    checkChannels(image, "ColorJitter");
    const order = [...this.#changes];
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j] as Change, order[i] as Change];
    }
    let current = image;
    for (const { range, apply } of order) {
      const by = uniformIn(range, random);
      const none = apply === adjustHue ? 0 : 1;
      if (by !== none) current = apply(current, by);
    }
    return current;
  }
}

function factors(value: number | readonly [number, number], option: string): readonly [number, number] {
  if (typeof value !== "number") return checkInterval(value, 0, option, "ColorJitter");
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new ArgumentError(`ColorJitter: ${option} ${value} must be 0 or more`, { [option]: value });
  }
  return [Math.max(0, 1 - value), 1 + value];
}

function checkChannels({ channels }: HostImage, owner: string): void {
  if (channels === 1 || channels === 3) return;
  throw new ArgumentError(`${owner}: the image has ${channels} channels; expected 3 (R, G, B) or 1 (grey)`, {
    channels,
  });
}

function greyOf({ data, channels, height, width }: HostImage): Float32Array {
  if (channels === 1) return data;
  const plane = height * width;
  return Float32Array.from(
    { length: plane },
    (_, i) =>
      0.2989 * (data[i] as number) +
      0.587 * (data[plane + i] as number) +
      0.114 * (data[2 * plane + i] as number),
  );
}

const within01 = (v: number): number => Math.min(1, Math.max(0, v));

function adjustBrightness(image: HostImage, factor: number): HostImage {
  return { ...image, data: image.data.map((v) => within01(v * factor)) };
}

function adjustContrast(image: HostImage, factor: number): HostImage {
  const grey = greyOf(image);
  const mean = grey.reduce((sum, v) => sum + v, 0) / grey.length;
  return { ...image, data: image.data.map((v) => within01(factor * v + (1 - factor) * mean)) };
}

function adjustSaturation(image: HostImage, factor: number): HostImage {
  if (image.channels === 1) return image;
  const grey = greyOf(image);
  const data = image.data.map((v, i) =>
    within01(factor * v + (1 - factor) * (grey[i % grey.length] as number)),
  );
  return { ...image, data };
}

/** Turns each colour on the circle of hues: to hue, saturation and value, and back. */
function adjustHue(image: HostImage, turn: number): HostImage {
  if (image.channels === 1) return image;
  const plane = image.height * image.width;
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < plane; i++) {
    const rgb = [0, 1, 2].map((c) => image.data[c * plane + i] as number) as [number, number, number];
    const value = Math.max(...rgb);
    const chroma = value - Math.min(...rgb);
    const hue = hueOf(rgb, value, chroma) + 6 * turn;
    // Each channel follows the same curve over the circle, a third of it later than the one before.
    [5, 3, 1].forEach((shift, c) => {
      const at = (((shift + hue) % 6) + 6) % 6;
      data[c * plane + i] = value - chroma * Math.max(0, Math.min(at, 4 - at, 1));
    });
  }
  return { ...image, data };
}

/** 0 to 6: 0 is red, 2 green, 4 blue. */
function hueOf([r, g, b]: readonly [number, number, number], value: number, chroma: number): number {
  if (chroma === 0) return 0;
  if (value === r) return (g - b) / chroma;
  return value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
}
