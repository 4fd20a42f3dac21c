/**
 * Values with mean 0 and spread 1.
 */
import { ArgumentError } from "../../base/errors.ts";
import type { HostImage } from "../host-array.ts";
import type { ImageTransform } from "./transform.ts";

/**
 * Shifts and scales each channel: `(value - mean[c]) / std[c]`.
 *
 * @throws ArgumentError when the lists differ in length, hold something else than finite numbers, or a `std`
 * is 0; and at the image, when it has another number of channels (a single value serves all channels).
 * @example
 * const image = { data: new Float32Array([0, 1]), channels: 1, height: 1, width: 2 };
 * new data.transforms.Normalize([0.5], [0.25]).apply(image).data; // [-2, 2]
 */
export class Normalize implements ImageTransform {
  readonly mean: readonly number[];
  readonly std: readonly number[];

  constructor(mean: readonly number[], std: readonly number[]) {
    if (mean.length === 0 || mean.length !== std.length) {
      throw new ArgumentError(
        `Normalize: mean has ${mean.length} values and std ${std.length}; give one of each per channel`,
        { mean, std },
      );
    }
    if (![...mean, ...std].every(Number.isFinite) || std.includes(0)) {
      throw new ArgumentError(
        `Normalize: mean [${mean.join(", ")}], std [${std.join(", ")}] must be finite, and no std may be 0`,
        { mean, std },
      );
    }
    this.mean = mean;
    this.std = std;
  }

  apply(image: HostImage): HostImage {
    const { channels, data } = image;
    if (this.mean.length !== 1 && this.mean.length !== channels) {
      throw new ArgumentError(
        `Normalize: the image has ${channels} channel${channels === 1 ? "" : "s"}, but mean and std have ` +
          `${this.mean.length} values; give one per channel`,
        { channels, mean: this.mean, std: this.std },
      );
    }
    const plane = image.height * image.width;
    const out = new Float32Array(data.length);
    for (let c = 0; c < channels; c++) {
      const mean = this.mean[c] ?? (this.mean[0] as number);
      const scale = 1 / (this.std[c] ?? (this.std[0] as number));
      for (let i = c * plane; i < (c + 1) * plane; i++) out[i] = ((data[i] as number) - mean) * scale;
    }
    return { ...image, data: out };
  }
}
