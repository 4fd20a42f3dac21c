/**
 * Transposed convolution over one or two spatial axes.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import { type TransposedGeometry, transposedConvolution, transposedSizes } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import {
  checkCount,
  checkOptions,
  checkSameType,
  checkTensor,
  type NumberOrPair,
  showSizes,
  sizesOf,
} from "../arguments.ts";
import { checkBias } from "./convolution.ts";

/** How the kernel of a transposed convolution moves. `S` is a number, or for two axes also a pair (height, width). */
export interface ConvTransposeGeometryOptions<S extends number | readonly number[]> {
  /** Distance in the output between neighbours of the input; 1 by default. */
  readonly stride?: S | undefined;
  /** Elements cut off at both ends of each axis of the output; 0 by default. */
  readonly padding?: S | undefined;
  /** Elements added at the end of each axis of the output, fewer than stride or dilation; 0 by default. */
  readonly outputPadding?: S | undefined;
  /** Number of groups of channels that do not see each other; 1 by default. */
  readonly groups?: number | undefined;
  /** Distance between elements of the kernel; 1 by default. */
  readonly dilation?: S | undefined;
}

/** Options of `F.convTranspose1d` and `F.convTranspose2d`. */
export interface ConvTransposeFunctionOptions<S extends number | readonly number[]>
  extends ConvTransposeGeometryOptions<S> {
  /** Shape (O). None by default. */
  readonly bias?: Tensor | null | undefined;
}

/** Checks options for a kernel. @throws ArgumentError. */
export function transposedGeometry(
  axes: number,
  options: ConvTransposeGeometryOptions<number | readonly number[]>,
  owner: string,
): TransposedGeometry {
  const stride = sizesOf(options.stride ?? 1, axes, 1, "stride", owner);
  const padding = sizesOf(options.padding ?? 0, axes, 0, "padding", owner);
  const outputPadding = sizesOf(options.outputPadding ?? 0, axes, 0, "outputPadding", owner);
  const groups = checkCount(options.groups ?? 1, 1, "groups", owner);
  const dilation = sizesOf(options.dilation ?? 1, axes, 1, "dilation", owner);
  const g = { stride, padding, outputPadding, groups, dilation };
  checkOutputPadding(g, owner);
  return g;
}

function checkOutputPadding({ stride, dilation, outputPadding }: TransposedGeometry, owner: string): void {
  if (outputPadding.every((p, i) => p < Math.max(stride[i] as number, dilation[i] as number))) return;
  throw new ArgumentError(
    `${owner}: outputPadding ${showSizes(outputPadding)} must be smaller than stride ${showSizes(stride)} or dilation ` +
      `${showSizes(dilation)}; pad the output with F.pad instead`,
    { outputPadding, stride, dilation },
  );
}

/** The geometry with the output padding that gives an output of that size. @throws ArgumentError where none does. */
export function fitOutput(
  g: TransposedGeometry,
  input: readonly number[],
  kernel: readonly number[],
  outputSize: readonly number[],
  owner: string,
): TransposedGeometry {
  const axes = kernel.length;
  const spatial = input.slice(-axes);
  const asked = Array.isArray(outputSize) ? outputSize : [outputSize];
  const wanted = asked.slice(-axes);
  const least = transposedSizes(spatial, kernel, { ...g, outputPadding: g.stride.map(() => 0) });
  const outputPadding = wanted.map((size, i) => size - (least[i] as number));
  const fits = outputPadding.every((p, i) => Number.isInteger(p) && p >= 0 && p < (g.stride[i] as number));
  if (fits && (asked.length === axes || asked.length === input.length)) return { ...g, outputPadding };
  const most = least.map((size, i) => size + (g.stride[i] as number) - 1);
  throw new ArgumentError(
    `${owner}: outputSize ${formatShape(asked)} is not possible for input shape ${formatShape(input)}: use sizes from ` +
      `${formatShape(least)} to ${formatShape(most)}`,
    { outputSize, input, least, most },
  );
}

/** The transposed convolution that a layer or function of that name does, for one input or a batch. */
export function convolveTransposed(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  geometry: TransposedGeometry,
  owner: string,
): Tensor {
  checkSameType(x, weight, owner);
  const single = x.ndim === weight.ndim - 1;
  const batch = single ? reshape(x.node, [1, ...x.shape]) : x.node;
  const y = transposedConvolution(batch, weight.node, bias?.node ?? null, geometry, owner);
  return Tensor.of(single ? reshape(y, y.shape.slice(1)) : y);
}

function transposedBy(
  x: Tensor,
  weight: Tensor,
  axes: number,
  options: ConvTransposeFunctionOptions<number | readonly number[]>,
): Tensor {
  const owner = `convTranspose${axes}d`;
  checkOptions(options, ["bias", "stride", "padding", "outputPadding", "groups", "dilation"], owner, {
    nullable: ["bias"],
  });
  checkTensor(weight, "weight", owner);
  if (weight.ndim !== axes + 2) {
    throw new ShapeError(
      `${owner}: weight must have ${axes + 2} dimensions (C, O / groups, kernel), got ${formatShape(weight.shape)}`,
      { weight: weight.shape },
    );
  }
  const geometry = transposedGeometry(axes, options, owner);
  const bias = options.bias ?? null;
  checkBias(bias, weight, (weight.shape[1] as number) * geometry.groups, owner);
  return convolveTransposed(x, weight, bias, geometry, owner);
}

/**
 * Transposed convolution over one axis: every element of the input adds the kernel, multiplied by it, to the output at
 * its position times the stride. It is the gradient of `conv1d` with respect to its input.
 *
 * @param x shape (N, C, L) or (C, L)
 * @param weight shape (C, O / groups, K)
 * @param options.bias shape (O); none by default
 * @param options.stride distance in the output between neighbours of the input; 1 by default
 * @param options.padding elements cut off at both ends of the output; 0 by default
 * @param options.outputPadding elements added at the end of the output; 0 by default
 * @param options.groups number of groups of channels that do not see each other; 1 by default
 * @param options.dilation distance between elements of the kernel; 1 by default
 * @returns shape (N, O, L') or (O, L') with L' = (L - 1) stride - 2 padding + dilation (K - 1) + outputPadding + 1
 * @throws ShapeError, ArgumentError, DTypeError.
 * @example
 * F.convTranspose1d(tensor([[1, 10]]), tensor([[[1, 2, 3]]])); // [[1, 12, 23, 30]]
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeFunctionOptions<number> = {},
): Tensor {
  return transposedBy(x, weight, 1, options);
}

/**
 * Transposed convolution over height and width: every element of the input adds the kernel, multiplied by it, to the
 * output at its position times the stride. It is the gradient of `conv2d` with respect to its input. (Zeiler et al.,
 * 2010; Dumoulin and Visin, 2016.)
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param weight shape (C, O / groups, KH, KW)
 * @param options.bias shape (O); none by default
 * @param options.stride distance in the output between neighbours of the input; 1 by default
 * @param options.padding elements cut off at both ends of each axis of the output; 0 by default
 * @param options.outputPadding elements added at the end of each axis of the output; 0 by default
 * @param options.groups number of groups of channels that do not see each other; 1 by default
 * @param options.dilation distance between elements of the kernel; 1 by default
 * @returns shape (N, O, H', W') or (O, H', W') with
 *   H' = (H - 1) stride - 2 padding + dilation (KH - 1) + outputPadding + 1
 * @throws ShapeError, ArgumentError, DTypeError.
 * @example
 * F.convTranspose2d(tensor([[[1, 2], [3, 4]]]), ones([1, 1, 1, 2]), { stride: [1, 2] }); // [[[1, 1, 2, 2], [3, 3, 4, 4]]]
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeFunctionOptions<NumberOrPair> = {},
): Tensor {
  return transposedBy(x, weight, 2, options);
}
