/**
 * Transposed convolution layers: a kernel, a bias, and one call.
 */
import { ArgumentError } from "../base/errors.ts";
import type { TransposedGeometry } from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkOptions, type NumberOrPair, showSizes, sizesOf } from "./arguments.ts";
import {
  type ConvTransposeGeometryOptions,
  convolveTransposed,
  fitOutput,
  transposedGeometry,
} from "./functional/conv-transpose.ts";
import { checkConvInput } from "./functional/convolution.ts";
import { initializeLikePyTorch } from "./init/defaults.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `nn.ConvTranspose1d` and `nn.ConvTranspose2d`. */
export interface ConvTransposeOptions<S extends number | readonly number[]>
  extends ConvTransposeGeometryOptions<S> {
  /** Whether a bias is learned; true by default. */
  readonly bias?: boolean | undefined;
}

/** Options of a call of `nn.ConvTranspose1d` and `nn.ConvTranspose2d`. */
export interface ConvTransposeCallOptions {
  /**
   * Size of the output, spatial axes only or all: chooses the output padding, as several sizes give the same input in
   * the convolution that is transposed.
   */
  readonly outputSize?: readonly number[] | undefined;
}

abstract class TransposedConvolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly dilation: readonly number[];
  /** Shape (inChannels, outChannels / groups, *kernelSize). */
  weight: Parameter;
  /** Shape (outChannels). */
  bias: Parameter | null;
  private readonly description: string;
  private readonly geometry: TransposedGeometry;

  constructor(
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvTransposeOptions<number | readonly number[]>,
  ) {
    super();
    const kind = `ConvTranspose${axes}d`;
    const names = ["stride", "padding", "outputPadding", "groups", "bias", "dilation"];
    checkOptions(options, names, kind, { flags: ["bias"] });
    this.inChannels = checkCount(inChannels, 1, "inChannels", kind);
    this.outChannels = checkCount(outChannels, 1, "outChannels", kind);
    this.kernelSize = sizesOf(kernelSize, axes, 1, "kernelSize", kind);
    this.description = `${kind}(${inChannels}, ${outChannels}, kernelSize ${showSizes(this.kernelSize)})`;
    this.geometry = transposedGeometry(axes, options, this.description);
    const { groups } = this.geometry;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        `${this.description}: both numbers of channels must be divisible by groups ${groups}`,
        { inChannels, outChannels, groups },
      );
    }
    this.stride = this.geometry.stride;
    this.padding = this.geometry.padding;
    this.outputPadding = this.geometry.outputPadding;
    this.groups = groups;
    this.dilation = this.geometry.dilation;
    this.weight = emptyParameter([inChannels, outChannels / groups, ...this.kernelSize]);
    this.bias = (options.bias ?? true) ? emptyParameter([outChannels]) : null;
    initializeLikePyTorch(this.weight, this.bias);
  }

  /**
   * @param options.outputSize size of the output, spatial axes only or all; what `outputPadding` says by default
   * @throws ShapeError for an input that does not fit, ArgumentError for an output size that is not possible.
   */
  forward(x: Tensor, options: ConvTransposeCallOptions = {}): Tensor {
    checkOptions(options, ["outputSize"], this.description);
    checkConvInput(x, this.inChannels, this.kernelSize.length, this.description);
    const { outputSize } = options;
    const geometry =
      outputSize === undefined
        ? this.geometry
        : fitOutput(this.geometry, x.shape, this.kernelSize, outputSize, this.description);
    return convolveTransposed(x, this.weight, this.bias, geometry, this.description);
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernelSize=${showSizes(this.kernelSize)}`,
      `stride=${showSizes(this.stride)}`,
    ];
    if (this.padding.some((p) => p !== 0)) parts.push(`padding=${showSizes(this.padding)}`);
    if (this.outputPadding.some((p) => p !== 0)) parts.push(`outputPadding=${showSizes(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=false");
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${showSizes(this.dilation)}`);
    return parts.join(", ");
  }
}

/**
 * Transposed convolution over one axis: what `nn.ConvTranspose2d` does for two.
 *
 * Shape (N, inChannels, L) or (inChannels, L) -> (N, outChannels, L') with
 * L' = (L - 1) stride - 2 padding + dilation (kernelSize - 1) + outputPadding + 1.
 *
 * @example
 * const layer = new nn.ConvTranspose1d(4, 2, 3, { stride: 2 });
 * layer(zeros([8, 4, 10])).shape; // [8, 2, 21]
 */
export class ConvTranspose1d extends TransposedConvolution {
  static override readonly pure = true;
  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize length of the kernel
   * @param options.stride distance in the output between neighbours of the input; 1 by default
   * @param options.padding elements cut off at both ends of the output; 0 by default
   * @param options.outputPadding elements added at the end of the output; 0 by default
   * @param options.groups number of groups of channels that do not see each other; 1 by default
   * @param options.bias whether a bias is learned; true by default
   * @param options.dilation distance between elements of the kernel; 1 by default
   * @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTransposeOptions<number> = {},
  ) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over height and width: every element of the input adds the kernel, multiplied by it, to the
 * output at its position times the stride. It makes planes larger where a strided convolution makes them smaller, and
 * is the gradient of `nn.Conv2d` with respect to its input. (Zeiler et al., 2010; Dumoulin and Visin, 2016.)
 *
 * Shape (N, inChannels, H, W) or (inChannels, H, W) -> (N, outChannels, H', W') with
 * H' = (H - 1) stride - 2 padding + dilation (kernelSize - 1) + outputPadding + 1. Weight and bias start uniform in
 * +-1 / sqrt(outChannels / groups * elements of the kernel).
 *
 * @example
 * const up = new nn.ConvTranspose2d(16, 8, 3, { stride: 2, padding: 1 });
 * up(zeros([4, 16, 7, 7])).shape; // [4, 8, 13, 13]
 * up(zeros([4, 16, 7, 7]), { outputSize: [14, 14] }).shape; // [4, 8, 14, 14]
 */
export class ConvTranspose2d extends TransposedConvolution {
  static override readonly pure = true;
  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize height and width of the kernel
   * @param options.stride distance in the output between neighbours of the input; 1 by default
   * @param options.padding elements cut off at both ends of each axis of the output; 0 by default
   * @param options.outputPadding elements added at the end of each axis of the output; 0 by default
   * @param options.groups number of groups of channels that do not see each other; 1 by default
   * @param options.bias whether a bias is learned; true by default
   * @param options.dilation distance between elements of the kernel; 1 by default
   * @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: NumberOrPair,
    options: ConvTransposeOptions<NumberOrPair> = {},
  ) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
