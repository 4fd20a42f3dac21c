/**
 * Pooling layers. They have no parameters; options are checked when the layer is made.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, type NumberOrPair, showSizes } from "./arguments.ts";
import { adaptiveAvgPool2d, checkOutputSize, type OutputSize } from "./functional/adaptive-avg-pool2d.ts";
import { type AvgPool2dOptions, avgPool2d } from "./functional/avg-pool2d.ts";
import { globalAvgPool2d } from "./functional/global-avg-pool2d.ts";
import { type MaxPool2dOptions, maxPool2d } from "./functional/max-pool2d.ts";
import { checkPadding, poolGeometry } from "./functional/pooling-arguments.ts";
import { Module } from "./module.ts";

/**
 * Maximum of each window.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') with H' = floor((H + 2 padding - dilation (kernelSize - 1) - 1) /
 * stride) + 1. The stride is the kernel size unless given. With `returnIndices` the output is a pair of that and
 * int32 positions in the flattened plane (H, W).
 *
 * @example
 * new nn.MaxPool2d(2)(zeros([8, 16, 28, 28])).shape; // [8, 16, 14, 14]
 */
export class MaxPool2d<Indices extends boolean = false> extends Module {
  readonly kernelSize: NumberOrPair;
  readonly options: MaxPool2dOptions;

  /** @throws ArgumentError for sizes that are not positive integers, or padding of more than half the kernel. */
  constructor(
    kernelSize: NumberOrPair,
    options: Omit<MaxPool2dOptions, "returnIndices"> & { readonly returnIndices?: Indices | undefined } = {},
  ) {
    super();
    checkPadding(poolGeometry(kernelSize, options, "MaxPool2d"), "MaxPool2d");
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Indices extends true ? [Tensor, Tensor] : Tensor {
    return maxPool2d(x, this.kernelSize, this.options) as Indices extends true ? [Tensor, Tensor] : Tensor;
  }

  override extraRepr(): string {
    return poolRepr(poolGeometry(this.kernelSize, this.options, "MaxPool2d"));
  }
}

/**
 * Mean of each window.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') with H' = floor((H + 2 padding - kernelSize) / stride) + 1.
 */
export class AvgPool2d extends Module {
  readonly kernelSize: NumberOrPair;
  readonly options: AvgPool2dOptions;

  /** @throws ArgumentError for sizes that are not positive integers, or padding of more than half the kernel. */
  constructor(kernelSize: NumberOrPair, options: AvgPool2dOptions = {}) {
    super();
    checkPadding(poolGeometry(kernelSize, options, "AvgPool2d"), "AvgPool2d");
    if (options.divisorOverride != null)
      checkCount(options.divisorOverride, 1, "divisorOverride", "AvgPool2d");
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    return poolRepr(poolGeometry(this.kernelSize, this.options, "AvgPool2d"));
  }
}

/** Mean of windows chosen to give a size, whatever that of the input. Shape (N, C, H, W) -> (N, C, outputSize). */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: OutputSize;

  /** @param outputSize height and width, or one number for both; null keeps that of the input */
  constructor(outputSize: OutputSize) {
    super();
    checkOutputSize(outputSize, "AdaptiveAvgPool2d");
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return `outputSize=${Array.isArray(this.outputSize) ? `[${this.outputSize.join(", ")}]` : this.outputSize}`;
  }
}

/** Mean of each channel's plane. Shape (N, C, H, W) -> (N, C). (Lin et al., 2013.) */
export class GlobalAvgPool2d extends Module {
  forward(x: Tensor): Tensor {
    return globalAvgPool2d(x);
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
