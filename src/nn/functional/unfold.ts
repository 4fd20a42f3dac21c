/**
 * Windows as columns of a matrix, and their sum back onto a plane.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkOptions, type NumberOrPair, sizesOf } from "../arguments.ts";
import { batched } from "./pooling-arguments.ts";

/** Options of `F.unfold`, `F.fold` and their layers. */
export interface UnfoldOptions {
  /** Distance between elements of a window; 1 by default. */
  readonly dilation?: NumberOrPair | undefined;
  /** Zeros on both sides of each axis; 0 by default. */
  readonly padding?: NumberOrPair | undefined;
  /** Distance between windows; 1 by default, not the kernel size as for pools. */
  readonly stride?: NumberOrPair | undefined;
}

/** Checks options for windows of a size. @throws ArgumentError. */
export function unfoldGeometry(
  kernelSize: NumberOrPair,
  options: UnfoldOptions,
  owner: string,
): ops.WindowGeometry {
  checkOptions(options, ["dilation", "padding", "stride"], owner);
  const pair = (value: NumberOrPair, least: number, option: string): ops.Pair =>
    sizesOf(value, 2, least, option, owner) as ops.Pair;
  return {
    kernel: pair(kernelSize, 1, "kernelSize"),
    dilation: pair(options.dilation ?? 1, 1, "dilation"),
    padding: pair(options.padding ?? 0, 0, "padding"),
    stride: pair(options.stride ?? 1, 1, "stride"),
    ceilMode: false,
  };
}

/**
 * Windows as columns of a matrix ("im2col"): a convolution is the product of its kernels, one a row, with it.
 *
 * @param x shape (N, C, H, W) or (C, H, W), floats
 * @param kernelSize height and width of a window: a number or a pair, as all sizes here
 * @param options.dilation distance between elements of a window; 1 by default
 * @param options.padding zeros on both sides of each axis; 0 by default
 * @param options.stride distance between windows; 1 by default
 * @returns shape (N, C KH KW, L) or (C KH KW, L), L being the number of windows, row by row
 * @throws ShapeError where no window fits, ArgumentError, DTypeError.
 * @example
 * F.unfold(tensor([[[1, 2, 3], [4, 5, 6]]]), 2); // [[1, 2], [2, 3], [4, 5], [5, 6]]
 */
export function unfold(x: Tensor, kernelSize: NumberOrPair, options: UnfoldOptions = {}): Tensor {
  return unfoldFor(x, kernelSize, options, "unfold");
}

/** The same for a layer or function of that name. */
export function unfoldFor(
  x: Tensor,
  kernelSize: NumberOrPair,
  options: UnfoldOptions,
  owner: string,
): Tensor {
  const geometry = unfoldGeometry(kernelSize, options, owner);
  const { batch, restore } = batched(x, owner);
  return Tensor.of(restore(ops.unfold(batch, geometry, owner)));
}

/**
 * Windows that are columns of a matrix, added up where they lie in the plane ("col2im"). Where windows overlap this is
 * not the inverse of `unfold`, but its gradient.
 *
 * @param x shape (N, C KH KW, L) or (C KH KW, L), floats, L being the number of windows
 * @param outputSize height and width of the plane
 * @param kernelSize height and width of a window
 * @param options.dilation distance between elements of a window; 1 by default
 * @param options.padding elements cut off at both ends of each axis; 0 by default
 * @param options.stride distance between windows; 1 by default
 * @returns shape (N, C, *outputSize) or (C, *outputSize)
 * @throws ShapeError where rows or columns do not fit, ArgumentError, DTypeError.
 * @example
 * F.fold(ones([4, 2]), [2, 3], 2); // [[[1, 2, 1], [1, 2, 1]]]
 */
export function fold(
  x: Tensor,
  outputSize: NumberOrPair,
  kernelSize: NumberOrPair,
  options: UnfoldOptions = {},
): Tensor {
  return foldFor(x, outputSize, kernelSize, options, "fold");
}

/** The same for a layer or function of that name. */
export function foldFor(
  x: Tensor,
  outputSize: NumberOrPair,
  kernelSize: NumberOrPair,
  options: UnfoldOptions,
  owner: string,
): Tensor {
  const geometry = unfoldGeometry(kernelSize, options, owner);
  const plane = sizesOf(outputSize, 2, 1, "outputSize", owner) as ops.Pair;
  checkFloat(x, owner);
  checkColumns(x, plane, geometry, owner);
  const single = x.ndim === 2;
  const y = ops.fold(single ? reshape(x.node, [1, ...x.shape]) : x.node, plane, geometry);
  return Tensor.of(single ? reshape(y, y.shape.slice(1)) : y);
}

function checkColumns(x: Tensor, plane: ops.Pair, g: ops.WindowGeometry, owner: string): void {
  const [oh, ow] = ops.unfoldCounts(plane, g, owner);
  const area = g.kernel[0] * g.kernel[1];
  const [rows, columns] = x.shape.slice(-2);
  if ((x.ndim === 2 || x.ndim === 3) && (rows as number) % area === 0 && columns === oh * ow) return;
  throw new ShapeError(
    `${owner}: input shape ${formatShape(x.shape)} does not fit: expected (N, C * ${area}, ${oh * ow}) or (C * ${area}, ${oh * ow}) ` +
      `for ${oh} x ${ow} windows of ${g.kernel[0]} x ${g.kernel[1]}`,
    { input: x.shape, windows: [oh, ow], kernel: g.kernel },
  );
}
