/**
 * Images of another size.
 */
import { checkOptions } from "../../base/options.ts";
import type { HostImage } from "../host-array.ts";
import { checkImageSize, type ImageSize, type ImageTransform } from "./transform.ts";

/** Options of {@link Resize}. */
export interface ResizeOptions {
  /**
   * Whether a smaller image is made of means over all pixels that fall together, rather than of the four nearest ones,
   * which would leave patterns that are not there. Default true.
   */
  readonly antialias?: boolean;
}

/**
 * Scales the image, with bilinear interpolation between its pixels' centres.
 *
 * @throws ArgumentError when `size` is not made of integers above 0.
 * @example
 * const image = { data: new Float32Array([0, 1, 2, 3]), channels: 1, height: 1, width: 4 };
 * new data.transforms.Resize([1, 2]).apply(image).data; // [0.7143, 2.2857]
 */
export class Resize implements ImageTransform {
  readonly size: ImageSize;
  readonly antialias: boolean;

  /**
   * @param size Height and width in pixels; or one number, the length of the shorter side: the other one follows, rounded
   * down, so that the image keeps its shape.
   */
  constructor(size: ImageSize, options: ResizeOptions = {}) {
    checkOptions(options, ["antialias"], "Resize", { flags: ["antialias"] });
    const { antialias = true } = options;
    checkImageSize(size, "Resize");
    this.size = size;
    this.antialias = antialias;
  }

  apply(image: HostImage): HostImage {
    const [height, width] = this.#sizeFor(image);
    return resizeImage(image, height, width, this.antialias);
  }

  #sizeFor({ height, width }: HostImage): readonly [number, number] {
    const { size } = this;
    if (typeof size !== "number") return size;
    const long = Math.floor((size * Math.max(height, width)) / Math.min(height, width));
    return height <= width ? [size, long] : [long, size];
  }
}

/** One axis at a time: along rows first, then along columns. */
function resizeImage(image: HostImage, height: number, width: number, antialias: boolean): HostImage {
  const { channels } = image;
  const rows = { count: channels * image.height, length: image.width, to: width, step: 1 };
  const wide = resample(image.data, rows, antialias);
  const columns = { count: channels, length: image.height, to: height, step: width };
  return { channels, height, width, data: resample(wide, columns, antialias) };
}

/** `count` blocks of `length` lines; a line is `step` neighbouring elements. The lines of each block become `to`. */
interface Axis {
  readonly count: number;
  readonly length: number;
  readonly to: number;
  readonly step: number;
}

function resample(data: Float32Array, { count, length, to, step }: Axis, antialias: boolean): Float32Array {
  if (length === to) return data;
  const out = new Float32Array(count * to * step);
  for (let i = 0; i < to; i++) {
    const { first, weights } = weightsOf(i, length / to, length, antialias);
    for (let block = 0; block < count; block++) {
      const target = (block * to + i) * step;
      const source = (block * length + first) * step;
      for (let e = 0; e < step; e++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += (weights[k] as number) * (data[source + k * step + e] as number);
        out[target + e] = sum;
      }
    }
  }
  return out;
}

/** The first line that counts for line `i` of the result, and what it and the next ones count: a triangle. */
function weightsOf(
  i: number,
  scale: number,
  length: number,
  antialias: boolean,
): { first: number; weights: Float64Array } {
  const spread = antialias ? Math.max(scale, 1) : 1;
  const centre = scale * (i + 0.5);
  const first = Math.max(0, Math.floor(centre - spread + 0.5));
  const end = Math.min(length, Math.floor(centre + spread + 0.5));
  const weights = Float64Array.from({ length: end - first }, (_, k) =>
    Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / spread),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: weights.map((w) => w / sum) };
}
