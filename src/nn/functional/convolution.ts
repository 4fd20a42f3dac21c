/**
 * Convolution as networks use it (cross-correlation), over one or two spatial axes.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import { type ConvolutionGeometry, convolution } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import {
  checkCount,
  checkOptions,
  checkSameType,
  checkTensor,
  type NumberOrPair,
  sizesOf,
} from "../arguments.ts";

/** How the kernel moves. `S` is a number, or for two axes also a pair (height, width). */
export interface ConvGeometryOptions<S extends number | readonly number[]> {
  /** Distance between positions of the kernel; 1 by default. */
  readonly stride?: S | undefined;
  /**
   * Zeros on both sides of each axis; 0 by default. "same" keeps the size (stride 1 only; an odd zero goes to the
   * end), "valid" is 0.
   */
  readonly padding?: S | "same" | "valid" | undefined;
  /** Distance between elements of the kernel; 1 by default. */
  readonly dilation?: S | undefined;
  /** Number of groups of channels that do not see each other; 1 by default. */
  readonly groups?: number | undefined;
}

/** Options of `F.conv1d` and `F.conv2d`. */
export interface ConvFunctionOptions<S extends number | readonly number[]> extends ConvGeometryOptions<S> {
  /** Shape (O). None by default. */
  readonly bias?: Tensor | null | undefined;
}

/** Checks options for a kernel. @throws ArgumentError. */
export function convGeometry(
  kernel: readonly number[],
  options: ConvGeometryOptions<number | readonly number[]>,
  owner: string,
): ConvolutionGeometry {
  const axes = kernel.length;
  const stride = sizesOf(options.stride ?? 1, axes, 1, "stride", owner);
  const dilation = sizesOf(options.dilation ?? 1, axes, 1, "dilation", owner);
  const groups = checkCount(options.groups ?? 1, 1, "groups", owner);
  const asked = options.padding ?? 0;
  if (asked === "same") {
    if (stride.some((s) => s !== 1)) {
      throw new ArgumentError(
        `${owner}: padding "same" needs stride 1, got ${stride.join(", ")}; give numbers instead`,
        {
          stride,
        },
      );
    }
    const padding = kernel.map((k, i): [number, number] => {
      const total = (dilation[i] as number) * (k - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return { stride, dilation, padding, groups };
  }
  if (typeof asked === "string" && asked !== "valid") {
    throw new ArgumentError(`${owner}: padding must be numbers, "same" or "valid"; got "${asked}"`, {
      padding: asked,
    });
  }
  const both = sizesOf(asked === "valid" ? 0 : asked, axes, 0, "padding", owner);
  return { stride, dilation, padding: both.map((p): [number, number] => [p, p]), groups };
}

/** The convolution that a layer or function of that name does, for one input or a batch. */
export function convolve(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  geometry: ConvolutionGeometry,
  owner: string,
): Tensor {
  checkSameType(x, weight, owner);
  const single = x.ndim === weight.ndim - 1;
  const batch = single ? reshape(x.node, [1, ...x.shape]) : x.node;
  const y = convolution(batch, weight.node, bias?.node ?? null, geometry, owner);
  return Tensor.of(single ? reshape(y, y.shape.slice(1)) : y);
}

/** Checks the input of a layer: rank and channels. @throws ShapeError. */
export function checkConvInput(x: Tensor, inChannels: number, axes: number, owner: string): void {
  checkTensor(x, "input", owner);
  const { shape, ndim } = x;
  const single = axes === 1 ? "C, L" : "C, H, W";
  if (ndim !== axes + 1 && ndim !== axes + 2) {
    throw new ShapeError(
      `${owner}: input has ${ndim} dimensions (shape ${formatShape(shape)}), expected N, ${single} or ${single}`,
      { input: shape },
    );
  }
  const channels = shape[ndim - axes - 1] as number;
  if (channels === inChannels) return;
  throw new ShapeError(
    `${owner}: input has ${channels} channel${channels === 1 ? "" : "s"}, expected ${inChannels} ` +
      `(input shape ${formatShape(shape)} is ${ndim === axes + 2 ? "N, " : ""}${single})`,
    { input: shape, inChannels },
  );
}

function convolveBy(
  x: Tensor,
  weight: Tensor,
  axes: number,
  options: ConvFunctionOptions<number | readonly number[]>,
): Tensor {
  const owner = `conv${axes}d`;
  checkOptions(options, ["bias", "stride", "padding", "dilation", "groups"], owner, { nullable: ["bias"] });
  const bias = options.bias ?? null;
  checkTensor(weight, "weight", owner);
  if (weight.ndim !== axes + 2) {
    throw new ShapeError(
      `${owner}: weight must have ${axes + 2} dimensions (O, C / groups, kernel), got ${formatShape(weight.shape)}`,
      { weight: weight.shape },
    );
  }
  checkBias(bias, weight, weight.shape[0] as number, owner);
  return convolve(x, weight, bias, convGeometry(weight.shape.slice(2), options, owner), owner);
}

/** @throws ShapeError unless there is one number for each output channel, DTypeError unless of the weight's type. */
export function checkBias(bias: Tensor | null, weight: Tensor, channels: number, owner: string): void {
  if (bias === null) return;
  checkSameType(bias, weight, owner, "weight", "bias");
  if (bias.ndim === 1 && bias.shape[0] === channels) return;
  throw new ShapeError(
    `${owner}: bias must have shape [${channels}], one for each output channel, got ${formatShape(bias.shape)} ` +
      `(weight shape ${formatShape(weight.shape)})`,
    { weight: weight.shape, bias: bias.shape },
  );
}

/**
 * Convolution over one axis: out[n, o, i] = bias[o] + sum over c, k of weight[o, c, k] * x[n, c, stride i + dilation k],
 * with zeros around x. The kernel is not turned round (cross-correlation).
 *
 * @param x shape (N, C, L) or (C, L)
 * @param weight shape (O, C / groups, K)
 * @param options.bias shape (O); none by default
 * @param options.stride distance between positions of the kernel, in elements; 1 by default
 * @param options.padding zeros on both sides, in elements, or "same" or "valid"; 0 by default
 * @param options.dilation distance between elements of the kernel; 1 by default
 * @param options.groups number of groups of channels that do not see each other; 1 by default
 * @returns shape (N, O, L') or (O, L') with L' = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1
 * @throws ShapeError where channels do not fit or the kernel is too large, ArgumentError, DTypeError.
 * @example
 * F.conv1d(tensor([[1, 2, 4, 8]]), tensor([[[-1, 1]]])); // [[1, 2, 4]]
 */
export function conv1d(x: Tensor, weight: Tensor, options: ConvFunctionOptions<number> = {}): Tensor {
  return convolveBy(x, weight, 1, options);
}

/**
 * Convolution over height and width: out[n, o, i, j] = bias[o] + sum over c, k, l of
 * weight[o, c, k, l] * x[n, c, stride i + dilation k, stride j + dilation l], with zeros around x. The kernel is not
 * turned round (cross-correlation). (LeCun et al., 1989.)
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param weight shape (O, C / groups, KH, KW)
 * @param options.bias shape (O); none by default
 * @param options.stride distance between positions of the kernel, in elements: a number or [height, width]; 1 by default
 * @param options.padding zeros on both sides of each axis, in elements, or "same" or "valid"; 0 by default
 * @param options.dilation distance between elements of the kernel; 1 by default
 * @param options.groups number of groups of channels that do not see each other; 1 by default
 * @returns shape (N, O, H', W') or (O, H', W') with H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
 * @throws ShapeError where channels do not fit or the kernel is too large, ArgumentError, DTypeError.
 * @example
 * F.conv2d(zeros([8, 3, 32, 32]), zeros([16, 3, 3, 3]), { padding: 1 }).shape; // [8, 16, 32, 32]
 * F.conv2d(tensor([[[1, 2], [3, 4]]]), ones([1, 1, 2, 2])); // [[[10]]]
 */
export function conv2d(x: Tensor, weight: Tensor, options: ConvFunctionOptions<NumberOrPair> = {}): Tensor {
  return convolveBy(x, weight, 2, options);
}
