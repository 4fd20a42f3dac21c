import type { Tensor } from "../tensor/tensor.ts";
import { checkInterpolation, type InterpolateOptions, interpolateFor } from "./functional/interpolate.ts";
import { Module } from "./module.ts";

/**
 * The input at another size, by its neighbours: `F.interpolate` as a layer.
 *
 * Shape (N, C, L) or (N, C, H, W) -> (N, C, *size), or floor(size * scaleFactor) for each axis.
 *
 * @example
 * new nn.Upsample({ scaleFactor: 2 })(tensor([[[1, 2]]])); // [[[1, 1, 2, 2]]]
 * new nn.Upsample({ size: [3, 5], mode: "bilinear" })(zeros([8, 16, 7, 7])).shape; // [8, 16, 3, 5]
 */
export class Upsample extends Module {
  static override readonly pure = true;
  readonly options: InterpolateOptions;

  /**
   * @param options.size size of each spatial axis of the output, or one number for all
   * @param options.scaleFactor factor for each spatial axis, or one for all; sizes are rounded down
   * @param options.mode "nearest" (the default), "nearest-exact", "linear", "bilinear" or "bicubic"
   * @param options.alignCorners whether outermost elements keep their place; false by default
   * @throws ArgumentError unless there is either a size or a factor, or for an unknown mode.
   */
  constructor(options: InterpolateOptions) {
    super();
    checkInterpolation(options, "Upsample");
    this.options = options;
  }

  /** @throws ShapeError for a number of dimensions that the mode is not for, DTypeError. */
  forward(x: Tensor): Tensor {
    return interpolateFor(x, this.options, "Upsample");
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode, alignCorners } = this.options;
    const show = (v: number | readonly number[]): string =>
      typeof v === "number" ? `${v}` : `[${v.join(", ")}]`;
    const parts = [
      size === undefined ? `scaleFactor=${show(scaleFactor ?? 1)}` : `size=${show(size)}`,
      `mode=${mode ?? "nearest"}`,
    ];
    if (alignCorners !== undefined) parts.push(`alignCorners=${alignCorners}`);
    return parts.join(", ");
  }
}
