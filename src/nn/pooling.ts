/**
 * Pooling layers. They have no parameters; options are checked when the layer is made.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkOptions, type NumberOrPair, show, showSizes } from "./arguments.ts";
import { adaptiveAvgPoolFor, checkOutputSize, type OutputSize } from "./functional/adaptive-avg-pool2d.ts";
import { type AdaptiveMaxPool2dOptions, adaptiveMaxPoolFor } from "./functional/adaptive-max-pool2d.ts";
import { type AvgPool2dOptions, avgPoolFor, avgPoolOptions, avgPoolRules } from "./functional/avg-pool2d.ts";
import { globalAvgPoolFor } from "./functional/global-avg-pool2d.ts";
import { type MaxPool2dOptions, maxPoolFor, maxPoolOptions, maxPoolRules } from "./functional/max-pool2d.ts";
import { checkPadding, poolGeometry } from "./functional/pooling-arguments.ts";
import { Module } from "./module.ts";
import { Optionless } from "./optionless.ts";

/** A pair where indices are asked for. */
type Pooled<Indices extends boolean> = Indices extends true ? [Tensor, Tensor] : Tensor;

/**
 * Maximum of each window; padding never is one.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W') with
 * H' = floor((H + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1, or ceil with `ceilMode`. With
 * `returnIndices` the output is a pair of that and int32 positions in the flattened plane (H, W).
 *
 * @example
 * new nn.MaxPool2d(2)(zeros([8, 16, 28, 28])).shape; // [8, 16, 14, 14]
 * new nn.MaxPool2d(3, { stride: 2, padding: 1 })(zeros([8, 16, 28, 28])).shape; // [8, 16, 14, 14]
 */
export class MaxPool2d<Indices extends boolean = false> extends Module {
  static override readonly pure = true;
  readonly kernelSize: NumberOrPair;
  readonly options: MaxPool2dOptions;

  /**
   * @param kernelSize height and width of a window: a number or a pair, as all sizes here
   * @param options.stride distance between windows; the kernel size by default
   * @param options.padding elements added on both sides of each axis, at most half of the kernel; 0 by default
   * @param options.dilation distance between elements of a window; 1 by default
   * @param options.ceilMode whether a last window that is only partly inside counts; false by default
   * @param options.returnIndices whether to give the positions of the maxima too; false by default
   * @throws ArgumentError for sizes that are not positive integers, or padding of more than half the kernel.
   */
  constructor(
    kernelSize: NumberOrPair,
    options: Omit<MaxPool2dOptions, "returnIndices"> & { readonly returnIndices?: Indices | undefined } = {},
  ) {
    super();
    checkOptions(options, maxPoolOptions, "MaxPool2d", maxPoolRules);
    checkPadding(poolGeometry(kernelSize, options, "MaxPool2d"), "MaxPool2d");
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Pooled<Indices> {
    return maxPoolFor(
      x,
      this.kernelSize,
      this.options,
      `MaxPool2d(${show(this.kernelSize)})`,
    ) as Pooled<Indices>;
  }

  override extraRepr(): string {
    return poolRepr(poolGeometry(this.kernelSize, this.options, "MaxPool2d"));
  }
}

/**
 * Mean of each window.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W') with
 * H' = floor((H + 2 padding - kernelSize) / stride) + 1, or ceil with `ceilMode`.
 *
 * @example
 * new nn.AvgPool2d(2)(tensor([[[1, 5], [7, 3]]])); // [[[4]]]
 */
export class AvgPool2d extends Module {
  static override readonly pure = true;
  readonly kernelSize: NumberOrPair;
  readonly options: AvgPool2dOptions;

  /**
   * @param kernelSize height and width of a window: a number or a pair, as all sizes here
   * @param options.stride distance between windows; the kernel size by default
   * @param options.padding zeros added on both sides of each axis, at most half of the kernel; 0 by default
   * @param options.ceilMode whether a last window that is only partly inside counts; false by default
   * @param options.countIncludePad whether padding counts as elements of a window; true by default
   * @param options.divisorOverride what sums are divided by instead of the number of elements
   * @throws ArgumentError for sizes that are not positive integers, or padding of more than half the kernel.
   */
  constructor(kernelSize: NumberOrPair, options: AvgPool2dOptions = {}) {
    super();
    checkOptions(options, avgPoolOptions, "AvgPool2d", avgPoolRules);
    checkPadding(poolGeometry(kernelSize, options, "AvgPool2d"), "AvgPool2d");
    if (options.divisorOverride != null)
      checkCount(options.divisorOverride, 1, "divisorOverride", "AvgPool2d");
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPoolFor(x, this.kernelSize, this.options, `AvgPool2d(${show(this.kernelSize)})`);
  }

  override extraRepr(): string {
    return poolRepr(poolGeometry(this.kernelSize, this.options, "AvgPool2d"));
  }
}

/**
 * Mean of windows chosen to give a size, whatever that of the input: window i of n goes from floor(i * size / n) up to
 * ceil((i + 1) * size / n).
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, *outputSize) or (C, *outputSize).
 *
 * @example
 * new nn.AdaptiveAvgPool2d([7, 5])(zeros([8, 16, 10, 12])).shape; // [8, 16, 7, 5]
 */
export class AdaptiveAvgPool2d extends Module {
  static override readonly pure = true;
  readonly outputSize: OutputSize;

  /**
   * @param outputSize height and width, or one number for both; null keeps that of the input
   * @throws ArgumentError unless sizes are integers of 1 or more, or null.
   */
  constructor(outputSize: OutputSize) {
    super();
    checkOutputSize(outputSize, "AdaptiveAvgPool2d");
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPoolFor(x, this.outputSize, `AdaptiveAvgPool2d(${show(this.outputSize)})`);
  }

  override extraRepr(): string {
    return `outputSize=${show(this.outputSize)}`;
  }
}

/**
 * Maximum of windows chosen to give a size, whatever that of the input: window i of n goes from floor(i * size / n) up
 * to ceil((i + 1) * size / n).
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, *outputSize) or (C, *outputSize). With `returnIndices` the output is a pair
 * of that and int32 positions in the flattened plane (H, W).
 *
 * @example
 * new nn.AdaptiveMaxPool2d([7, null])(zeros([8, 16, 10, 12])).shape; // [8, 16, 7, 12]
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends Module {
  static override readonly pure = true;
  readonly outputSize: OutputSize;
  readonly options: AdaptiveMaxPool2dOptions;

  /**
   * @param outputSize height and width, or one number for both; null keeps that of the input
   * @param options.returnIndices whether to give the positions of the maxima too; false by default
   * @throws ArgumentError unless sizes are integers of 1 or more, or null.
   */
  constructor(outputSize: OutputSize, options: { readonly returnIndices?: Indices | undefined } = {}) {
    super();
    checkOptions(options, ["returnIndices"], "AdaptiveMaxPool2d", { flags: ["returnIndices"] });
    checkOutputSize(outputSize, "AdaptiveMaxPool2d");
    this.outputSize = outputSize;
    this.options = options;
  }

  forward(x: Tensor): Pooled<Indices> {
    const owner = `AdaptiveMaxPool2d(${show(this.outputSize)})`;
    return adaptiveMaxPoolFor(x, this.outputSize, this.options, owner) as Pooled<Indices>;
  }

  override extraRepr(): string {
    return `outputSize=${show(this.outputSize)}`;
  }
}

/**
 * Mean of each channel's plane: what is between convolutions and the classifier in place of `Flatten`. (Lin, Chen and
 * Yan, 2013.)
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C) or (C).
 *
 * @example
 * new nn.GlobalAvgPool2d()(tensor([[[1, 2], [3, 6]]])); // [3]
 */
export class GlobalAvgPool2d extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return globalAvgPoolFor(x, "GlobalAvgPool2d");
  }
}

function poolRepr(g: ReturnType<typeof poolGeometry>): string {
  const parts = [
    `kernelSize=${showSizes(g.kernel)}`,
    `stride=${showSizes(g.stride)}`,
    `padding=${showSizes(g.padding)}`,
  ];
  if (g.dilation.some((d) => d !== 1)) parts.push(`dilation=${showSizes(g.dilation)}`);
  if (g.ceilMode) parts.push("ceilMode=true");
  return parts.join(", ");
}
