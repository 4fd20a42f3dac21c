/**
 * What a transform is, and checks that several of them share. Images are `HostImage`s: float32, channels first, values
 * usually 0 to 1. A transform never changes its input, and takes its random choices only from the stream that
 * it is given, so the same (seed, epoch, index) gives the same image.
 */
import { ArgumentError } from "../../base/errors.ts";
import type { HostImage } from "../host-array.ts";
import type { RandomStream } from "../random-stream.ts";

/** A step of preparation as an object, as the classes here are. */
export interface ImageTransform {
  /** @param random Where random choices come from. */
  apply(image: HostImage, random: RandomStream): HostImage;
}

/** A step of preparation: one of the classes here, or a plain function. */
export type Transform = ImageTransform | ((image: HostImage, random: RandomStream) => HostImage);

/**
 * Runs a transform of either form on one image.
 *
 * @param random where random choices come from
 * @example
 * const image = { data: new Float32Array([0, 1]), channels: 1, height: 1, width: 2 };
 * const flip = new data.transforms.RandomHorizontalFlip({ p: 1 });
 * data.transforms.applyTransform(flip, image, new data.RandomStream(0, 0)).data; // [1, 0]
 */
export function applyTransform(transform: Transform, image: HostImage, random: RandomStream): HostImage {
  return typeof transform === "function" ? transform(image, random) : transform.apply(image, random);
}

/** Height and width in pixels: one number for a square, or the pair. */
export type ImageSize = number | readonly [height: number, width: number];

/** @throws ArgumentError unless both are integers of 1 or more. */
export function checkImageSize(size: ImageSize, owner: string): readonly [height: number, width: number] {
  const [height, width] = typeof size === "number" ? [size, size] : size;
  if ([height, width].every((n) => Number.isInteger(n) && n > 0)) return [height, width];
  throw new ArgumentError(`${owner}: size ${height} x ${width} is not one; give integers above 0`, { size });
}

/** @throws ArgumentError unless the value is from 0 to 1. */
export function checkProbability(p: number, owner: string): number {
  if (p >= 0 && p <= 1) return p;
  throw new ArgumentError(`${owner}: p ${p} is not a probability; give 0 to 1`, { p });
}

/** @throws ArgumentError unless the pair is two finite numbers of `least` or more, the smaller one first. */
export function checkInterval(
  pair: readonly [number, number],
  least: number,
  option: string,
  owner: string,
): readonly [number, number] {
  const [low, high] = pair;
  if (low >= least && low <= high && Number.isFinite(high)) return pair;
  throw new ArgumentError(
    `${owner}: ${option} [${pair.join(", ")}] is no range; give two finite numbers of ${least} or more, the smaller ` +
      "one first",
    { [option]: pair },
  );
}

/** A number of [low, high). */
export function uniformIn([low, high]: readonly [number, number], random: RandomStream): number {
  return low + (high - low) * random.uniform();
}

/** Standard normal, by Box and Muller (1958). */
export function normal(random: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}
