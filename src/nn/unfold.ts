import type { Tensor } from "../tensor/tensor.ts";
import { type NumberOrPair, show, showSizes, sizesOf } from "./arguments.ts";
import { foldFor, type UnfoldOptions, unfoldFor, unfoldGeometry } from "./functional/unfold.ts";
import { Module } from "./module.ts";

/**
 * Windows as columns of a matrix ("im2col"): a convolution is the product of its kernels, one a row, with it.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C KH KW, L) or (C KH KW, L), L being the number of windows, row by row.
 *
 * @example
 * new nn.Unfold(2)(tensor([[[1, 2, 3], [4, 5, 6]]])); // [[1, 2], [2, 3], [4, 5], [5, 6]]
 */
export class Unfold extends Module {
  static override readonly pure = true;
  readonly kernelSize: NumberOrPair;
  readonly options: UnfoldOptions;

  /**
   * @param kernelSize height and width of a window: a number or a pair, as all sizes here
   * @param options.dilation distance between elements of a window; 1 by default
   * @param options.padding zeros on both sides of each axis; 0 by default
   * @param options.stride distance between windows; 1 by default
   * @throws ArgumentError for sizes that are not positive integers.
   */
  constructor(kernelSize: NumberOrPair, options: UnfoldOptions = {}) {
    super();
    unfoldGeometry(kernelSize, options, "Unfold");
    this.kernelSize = kernelSize;
    this.options = options;
  }

  /** @throws ShapeError where no window fits, DTypeError. */
  forward(x: Tensor): Tensor {
    return unfoldFor(x, this.kernelSize, this.options, `Unfold(${show(this.kernelSize)})`);
  }

  override extraRepr(): string {
    return windowRepr(this.kernelSize, this.options);
  }
}

/**
 * Windows that are columns of a matrix, added up where they lie in the plane ("col2im"): the gradient of `Unfold`.
 *
 * Shape (N, C KH KW, L) or (C KH KW, L) -> (N, C, *outputSize) or (C, *outputSize).
 *
 * @example
 * new nn.Fold([2, 3], 2)(ones([4, 2])); // [[[1, 2, 1], [1, 2, 1]]]
 */
export class Fold extends Module {
  static override readonly pure = true;
  readonly outputSize: NumberOrPair;
  readonly kernelSize: NumberOrPair;
  readonly options: UnfoldOptions;

  /**
   * @param outputSize height and width of the plane
   * @param kernelSize height and width of a window
   * @param options.dilation distance between elements of a window; 1 by default
   * @param options.padding elements cut off at both ends of each axis; 0 by default
   * @param options.stride distance between windows; 1 by default
   * @throws ArgumentError for sizes that are not positive integers.
   */
  constructor(outputSize: NumberOrPair, kernelSize: NumberOrPair, options: UnfoldOptions = {}) {
    super();
    sizesOf(outputSize, 2, 1, "outputSize", "Fold");
    unfoldGeometry(kernelSize, options, "Fold");
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  /** @throws ShapeError where rows or columns do not fit, DTypeError. */
  forward(x: Tensor): Tensor {
    const { outputSize, kernelSize, options } = this;
    return foldFor(x, outputSize, kernelSize, options, `Fold(${show(outputSize)}, ${show(kernelSize)})`);
  }

  override extraRepr(): string {
    const size = showSizes(sizesOf(this.outputSize, 2, 1, "outputSize", "Fold"));
    return `outputSize=${size}, ${windowRepr(this.kernelSize, this.options)}`;
  }
}

function windowRepr(kernelSize: NumberOrPair, options: UnfoldOptions): string {
  const g = unfoldGeometry(kernelSize, options, "Unfold");
  const { kernel, dilation, padding, stride } = g;
  return (
    `kernelSize=${showSizes(kernel)}, dilation=${showSizes(dilation)}, padding=${showSizes(padding)}, ` +
    `stride=${showSizes(stride)}`
  );
}
