import type { Tensor } from "../tensor/tensor.ts";
import {
  type LocalResponseNormOptions,
  responseNormFor,
  responseNormNumbers,
} from "./functional/local-response-norm.ts";
import { Module } from "./module.ts";

/**
 * x / (k + alpha * mean of x ** 2 over neighbouring channels) ** beta: strong responses push down those beside them.
 * Channels beyond the first and the last count as zeros. (Krizhevsky, Sutskever and Hinton, 2012, whose alpha
 * multiplies the sum: it is alpha / size here.)
 *
 * Shape (N, C, *) of three dimensions or more -> the same.
 *
 * @example
 * const layer = new nn.LocalResponseNorm(2, { alpha: 2, beta: 1 });
 * layer(tensor([[[1], [2]]])); // [[[0.5], [0.3333]]]
 */
export class LocalResponseNorm extends Module {
  static override readonly pure = true;
  /** Number of channels that are averaged. */
  readonly size: number;
  /** Factor of the mean of squares. */
  readonly alpha: number;
  /** Exponent. */
  readonly beta: number;
  /** What is added to the mean of squares. */
  readonly k: number;

  /**
   * @param size number of neighbouring channels; half of them (rounded down) lie before each one
   * @param options.alpha factor of the mean of squares; 1e-4 by default
   * @param options.beta exponent; 0.75 by default
   * @param options.k what is added to the mean of squares; 1 by default
   * @throws ArgumentError for a size that is not a positive integer, or a number that is not finite.
   */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    const { alpha, beta, k } = responseNormNumbers(size, options, "LocalResponseNorm");
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  /** @throws ShapeError for fewer than three dimensions, DTypeError unless the input holds floats. */
  forward(x: Tensor): Tensor {
    const { size, alpha, beta, k } = this;
    return responseNormFor(x, size, { alpha, beta, k }, `LocalResponseNorm(${size})`);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${this.alpha}, beta=${this.beta}, k=${this.k}`;
  }
}
