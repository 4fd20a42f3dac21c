/**
 * Plain values on the host, before they become tensors: what datasets give and batches are made of. Nothing
 * here needs an engine, so datasets can be read and tested alone.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";

/** A row-major array on the host. */
export interface HostArray {
  readonly dtype: DType;
  readonly shape: Shape;
  /** `sizeOf(shape)` elements. */
  readonly data: TypedArray;
}

/** One part of a sample: an array, or a class index. Other single numbers are arrays of shape []. */
export type Field = HostArray | number;

/** One sample, usually `[x, y]`. */
export type Sample = readonly Field[];

/** Samples joined field by field, with a new first dimension N. */
export type HostBatch<S extends Sample> = { readonly [K in keyof S]: HostArray };

/**
 * An image on the host: channel after channel, each row by row, as a tensor of shape [C, H, W] lies in
 * memory.
 */
export interface HostImage {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The image as an array of shape [C, H, W]; shares its memory. */
export function imageToArray({ data, channels, height, width }: HostImage): HostArray {
  return { dtype: "float32", shape: [channels, height, width], data };
}
