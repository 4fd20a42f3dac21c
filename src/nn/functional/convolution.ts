/**
 * Convolution as networks use it (cross-correlation), over one or two spatial axes.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import { type ConvolutionGeometry, convolution } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkSameType, checkTensor, sizesOf } from "../arguments.ts";

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

function convolveBy(
  x: Tensor,
  weight: Tensor,
  axes: number,
  options: ConvFunctionOptions<number | readonly number[]>,
): Tensor {
  const owner = `conv${axes}d`;
  const bias = options.bias ?? null;
  checkTensor(weight, "weight", owner);
  if (weight.ndim !== axes + 2 || (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0]))) {
    throw new ShapeError(
      `${owner}: weight must have ${axes + 2} dimensions (O, C / groups, kernel) and bias (O), got ` +
        `${formatShape(weight.shape)}${bias === null ? "" : ` and ${formatShape(bias.shape)}`}`,
      { weight: weight.shape, bias: bias?.shape },
    );
  }
  return convolve(x, weight, bias, convGeometry(weight.shape.slice(2), options, owner), owner);
}

/**
 * Convolution over one axis.
 *
 * Shapes: x (N, C, L) or (C, L), weight (O, C / groups, K) -> (N, O, L') with
 * L' = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1. @throws ShapeError, ArgumentError, DTypeError.
 */
export function conv1d(x: Tensor, weight: Tensor, options: ConvFunctionOptions<number> = {}): Tensor {
  return convolveBy(x, weight, 1, options);
}

/**
 * Convolution over height and width.
 *
 * Shapes: x (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW) -> (N, O, H', W'), each axis as in `conv1d`.
 * @throws ShapeError, ArgumentError, DTypeError.
 * @example
 * F.conv2d(zeros([8, 3, 32, 32]), zeros([16, 3, 3, 3]), { padding: 1 }).shape; // [8, 16, 32, 32]
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  options: ConvFunctionOptions<number | readonly [number, number]> = {},
): Tensor {
  return convolveBy(x, weight, 2, options);
}
