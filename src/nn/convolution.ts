/**
 * Convolution layers: a kernel, a bias, and one call.
 */
import { ArgumentError } from "../base/errors.ts";
import type { ConvolutionGeometry } from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkChoice, checkCount, checkOptions, type NumberOrPair, showSizes, sizesOf } from "./arguments.ts";
import {
  type ConvGeometryOptions,
  checkConvInput,
  convGeometry,
  convolve,
} from "./functional/convolution.ts";
import { type PadMode, padFor } from "./functional/pad.ts";
import { initializeLikePyTorch } from "./init/defaults.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** What padding is made of. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Options of `nn.Conv1d` and `nn.Conv2d`. */
export interface ConvOptions<S extends number | readonly number[]> extends ConvGeometryOptions<S> {
  /** Whether a bias is learned; true by default. */
  readonly bias?: boolean | undefined;
  /** "zeros" by default. */
  readonly paddingMode?: PaddingMode | undefined;
}

abstract class Convolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly padding: number | readonly number[] | "same" | "valid";
  readonly paddingMode: PaddingMode;
  /** Shape (outChannels, inChannels / groups, *kernelSize). */
  weight: Parameter;
  /** Shape (outChannels). */
  bias: Parameter | null;
  private readonly description: string;
  private readonly geometry: ConvolutionGeometry;
  /** Padding that is done before the convolution, last axis first; null where it is zeros. */
  private readonly edges: readonly number[] | null;

  constructor(
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvOptions<number | readonly number[]>,
  ) {
    super();
    const kind = `Conv${axes}d`;
    const names = ["stride", "padding", "dilation", "groups", "bias", "paddingMode"];
    checkOptions(options, names, kind, { flags: ["bias"] });
    this.inChannels = checkCount(inChannels, 1, "inChannels", kind);
    this.outChannels = checkCount(outChannels, 1, "outChannels", kind);
    this.kernelSize = sizesOf(kernelSize, axes, 1, "kernelSize", kind);
    this.description = `${kind}(${inChannels}, ${outChannels}, kernelSize ${showSizes(this.kernelSize)})`;
    const geometry = convGeometry(this.kernelSize, options, this.description);
    const { groups } = geometry;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        `${this.description}: both numbers of channels must be divisible by groups ${groups}`,
        {
          inChannels,
          outChannels,
          groups,
        },
      );
    }
    const modes = ["zeros", "reflect", "replicate", "circular"] as const;
    this.paddingMode = checkChoice(options.paddingMode ?? "zeros", modes, "paddingMode", this.description);
    this.stride = geometry.stride;
    this.dilation = geometry.dilation;
    this.groups = groups;
    this.padding = options.padding ?? 0;
    const zeros = this.paddingMode === "zeros";
    this.edges = zeros ? null : [...geometry.padding].reverse().flat();
    this.geometry = zeros
      ? geometry
      : { ...geometry, padding: geometry.padding.map((): [number, number] => [0, 0]) };
    this.weight = emptyParameter([outChannels, inChannels / groups, ...this.kernelSize]);
    this.bias = (options.bias ?? true) ? emptyParameter([outChannels]) : null;
    initializeLikePyTorch(this.weight, this.bias);
  }

  forward(x: Tensor): Tensor {
    checkConvInput(x, this.inChannels, this.kernelSize.length, this.description);
    const edges = this.edges;
    const mode = this.paddingMode as PadMode;
    const padded = edges === null ? x : padFor(x, edges, { mode }, this.description);
    return convolve(padded, this.weight, this.bias, this.geometry, this.description);
  }

  override extraRepr(): string {
    const { padding, paddingMode } = this;
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernelSize=${showSizes(this.kernelSize)}`,
      `stride=${showSizes(this.stride)}`,
    ];
    if (padding !== 0) parts.push(`padding=${typeof padding === "object" ? showSizes(padding) : padding}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${showSizes(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=false");
    if (paddingMode !== "zeros") parts.push(`paddingMode=${paddingMode}`);
    return parts.join(", ");
  }
}

/**
 * Convolution over one axis: out[n, o, i] = bias[o] + sum over c, k of
 * weight[o, c, k] * x[n, c, stride i + dilation k - padding]. The kernel is not turned round (cross-correlation).
 *
 * Shape (N, inChannels, L) or (inChannels, L) -> (N, outChannels, L') or (outChannels, L') with
 * L' = floor((L + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1. Weight and bias start uniform in
 * +-1 / sqrt(fan-in), with fan-in = inChannels / groups * kernelSize.
 *
 * @example
 * const layer = new nn.Conv1d(4, 6, 3, { stride: 2 });
 * layer(zeros([8, 4, 21])).shape; // [8, 6, 10]
 */
export class Conv1d extends Convolution {
  static override readonly pure = true;
  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize length of the kernel
   * @param options.stride distance between positions of the kernel, in elements; 1 by default
   * @param options.padding elements added on both sides, or "same" or "valid"; 0 by default
   * @param options.dilation distance between elements of the kernel; 1 by default
   * @param options.groups number of groups of channels that do not see each other; 1 by default
   * @param options.bias whether a bias is learned; true by default
   * @param options.paddingMode "zeros", "reflect", "replicate" or "circular"; "zeros" by default
   * @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvOptions<number> = {},
  ) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over height and width: out[n, o, i, j] = bias[o] + sum over c, k, l of
 * weight[o, c, k, l] * x[n, c, stride i + dilation k - padding, stride j + dilation l - padding]. The kernel is not
 * turned round (cross-correlation). (LeCun et al., 1989.)
 *
 * Shape (N, inChannels, H, W) or (inChannels, H, W) -> (N, outChannels, H', W') or (outChannels, H', W') with
 * H' = floor((H + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1. Weight and bias start uniform in
 * +-1 / sqrt(fan-in), with fan-in = inChannels / groups * elements of the kernel.
 *
 * @example
 * const layer = new nn.Conv2d(3, 16, 3, { padding: "same" });
 * layer(zeros([8, 3, 32, 32])).shape; // [8, 16, 32, 32]
 */
export class Conv2d extends Convolution {
  static override readonly pure = true;
  /**
   * @param inChannels channels of the input
   * @param outChannels channels of the output
   * @param kernelSize height and width of the kernel: a number or a pair, as all sizes here
   * @param options.stride distance between positions of the kernel, in elements; 1 by default
   * @param options.padding elements added on both sides of each axis, or "same" (the output has the input's size;
   *   stride 1 only) or "valid" (none); 0 by default
   * @param options.dilation distance between elements of the kernel; 1 by default
   * @param options.groups number of groups of channels that do not see each other; 1 by default
   * @param options.bias whether a bias is learned; true by default
   * @param options.paddingMode "zeros", "reflect", "replicate" or "circular"; "zeros" by default
   * @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: NumberOrPair,
    options: ConvOptions<NumberOrPair> = {},
  ) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
