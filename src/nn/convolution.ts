/**
 * Convolution layers: a kernel, a bias, and one call.
 */
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { ConvolutionGeometry } from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkChoice, checkCount, checkTensor, type NumberOrPair, showSizes, sizesOf } from "./arguments.ts";
import { type ConvGeometryOptions, convGeometry, convolve } from "./functional/convolution.ts";
import { type PadMode, pad } from "./functional/pad.ts";
import { initializeLikePyTorch } from "./init/defaults.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** What padding is made of. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

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
  readonly #description: string;
  readonly #geometry: ConvolutionGeometry;
  /** Padding that is done before the convolution, last axis first; null where it is zeros. */
  readonly #edges: readonly number[] | null;

  constructor(
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvOptions<number | readonly number[]>,
  ) {
    super();
    const kind = `Conv${axes}d`;
    this.inChannels = checkCount(inChannels, 1, "inChannels", kind);
    this.outChannels = checkCount(outChannels, 1, "outChannels", kind);
    this.kernelSize = sizesOf(kernelSize, axes, 1, "kernelSize", kind);
    this.#description = `${kind}(${inChannels}, ${outChannels}, kernelSize ${showSizes(this.kernelSize)})`;
    const geometry = convGeometry(this.kernelSize, options, this.#description);
    const { groups } = geometry;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        `${this.#description}: both numbers of channels must be divisible by groups ${groups}`,
        {
          inChannels,
          outChannels,
          groups,
        },
      );
    }
    const modes = ["zeros", "reflect", "replicate", "circular"] as const;
    this.paddingMode = checkChoice(options.paddingMode ?? "zeros", modes, "paddingMode", this.#description);
    this.stride = geometry.stride;
    this.dilation = geometry.dilation;
    this.groups = groups;
    this.padding = options.padding ?? 0;
    const zeros = this.paddingMode === "zeros";
    this.#edges = zeros ? null : [...geometry.padding].reverse().flat();
    this.#geometry = zeros
      ? geometry
      : { ...geometry, padding: geometry.padding.map((): [number, number] => [0, 0]) };
    this.weight = emptyParameter([outChannels, inChannels / groups, ...this.kernelSize]);
    this.bias = (options.bias ?? true) ? emptyParameter([outChannels]) : null;
    initializeLikePyTorch(this.weight, this.bias);
  }

  forward(x: Tensor): Tensor {
    checkTensor(x, "input", this.#description);
    this.#checkInput(x);
    const edges = this.#edges;
    const padded = edges === null ? x : pad(x, edges, { mode: this.paddingMode as PadMode });
    return convolve(padded, this.weight, this.bias, this.#geometry, this.#description);
  }

  #checkInput({ shape, ndim }: Tensor): void {
    const axes = this.kernelSize.length;
    const single = axes === 1 ? "C, L" : "C, H, W";
    if (ndim !== axes + 1 && ndim !== axes + 2) {
      throw new ShapeError(
        `${this.#description}: input has ${ndim} dimensions (shape ${formatShape(shape)}), expected N, ${single} or ${single}`,
        { input: shape },
      );
    }
    const channels = shape[ndim - axes - 1] as number;
    if (channels === this.inChannels) return;
    throw new ShapeError(
      `${this.#description}: input has ${channels} channel${channels === 1 ? "" : "s"}, expected ${this.inChannels} ` +
        `(input shape ${formatShape(shape)} is ${ndim === axes + 2 ? "N, " : ""}${single})`,
      { input: shape, inChannels: this.inChannels },
    );
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
 * Convolution over one axis.
 *
 * Shape (N, inChannels, L) or (inChannels, L) -> (N, outChannels, L') with
 * L' = floor((L + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1.
 */
export class Conv1d extends Convolution {
  /** @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide. */
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
 * Convolution over height and width.
 *
 * Shape (N, inChannels, H, W) or (inChannels, H, W) -> (N, outChannels, H', W'), each axis as in `Conv1d`. Weight and
 * bias start uniform in +-1 / sqrt(fan-in).
 *
 * @example
 * const layer = new nn.Conv2d(3, 16, 3, { padding: "same" });
 * layer(zeros([8, 3, 32, 32])).shape; // [8, 16, 32, 32]
 */
export class Conv2d extends Convolution {
  /** @throws ArgumentError for sizes that are not positive integers, or channels that groups do not divide. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: NumberOrPair,
    options: ConvOptions<NumberOrPair> = {},
  ) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
