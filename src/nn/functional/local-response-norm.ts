import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkFloat, checkNumber, checkOptions } from "../arguments.ts";

/** Options of `F.localResponseNorm` and `nn.LocalResponseNorm`. */
export interface LocalResponseNormOptions {
  /** Factor of the mean of squares; 1e-4 by default. */
  readonly alpha?: number | undefined;
  /** Exponent; 0.75 by default. */
  readonly beta?: number | undefined;
  /** What is added to the mean of squares; 1 by default. */
  readonly k?: number | undefined;
}

/** The numbers with defaults for those left out. @throws ArgumentError. */
export function responseNormNumbers(
  size: number,
  options: LocalResponseNormOptions,
  owner: string,
): ops.ResponseNormNumbers {
  checkCount(size, 1, "size", owner);
  checkOptions(options, ["alpha", "beta", "k"], owner);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  return {
    alpha: checkNumber(alpha, "alpha", owner),
    beta: checkNumber(beta, "beta", owner),
    k: checkNumber(k, "k", owner),
  };
}

/**
 * x / (k + alpha * mean of x ** 2 over neighbouring channels) ** beta: strong responses push down those beside them.
 * Channels beyond the first and the last count as zeros, so the mean always divides by `size`; the original
 * (Krizhevsky, Sutskever and Hinton, 2012) multiplies the sum by its alpha, which is alpha / size here.
 *
 * @param x shape (N, C, *) of three dimensions or more, floats
 * @param size number of channels; half of them (rounded down) lie before each one
 * @param options.alpha factor of the mean of squares; 1e-4 by default
 * @param options.beta exponent; 0.75 by default
 * @param options.k what is added to the mean of squares; 1 by default
 * @returns the shape of x
 * @throws ShapeError for fewer dimensions, DTypeError unless x holds floats, ArgumentError for a size that is not a
 * positive integer, or a number that is not finite.
 * @example
 * F.localResponseNorm(tensor([[[1], [2]]]), 2, { alpha: 2, beta: 1 }); // [[[0.5], [0.3333]]]
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  return responseNormFor(x, size, options, "localResponseNorm");
}

/** The same for a layer or function of that name. */
export function responseNormFor(
  x: Tensor,
  size: number,
  options: LocalResponseNormOptions,
  owner: string,
): Tensor {
  const numbers = responseNormNumbers(size, options, owner);
  checkFloat(x, owner);
  return Tensor.of(ops.localResponseNorm(x.node, size, numbers, owner));
}
