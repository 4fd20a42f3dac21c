import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions, checkRange } from "./arguments.ts";
import { dropout2dFor, dropoutFor } from "./functional/dropout.ts";
import { Module } from "./module.ts";

/** Options of `nn.Dropout` and `nn.Dropout2d`. */
export interface DropoutLayerOptions {
  /** Probability of becoming zero; 0.5 by default. */
  readonly p?: number | undefined;
}

function probability(options: number | DropoutLayerOptions, owner: string): number {
  if (typeof options === "number") return checkRange(options, 0, 1, "p", owner);
  checkOptions(options, ["p"], owner);
  return checkRange(options.p ?? 0.5, 0, 1, "p", owner);
}

/**
 * In training, sets elements to zero with probability p and multiplies the others by 1 / (1 - p). In evaluation it
 * passes its input on. (Srivastava et al., 2014.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * const layer = new nn.Dropout(0.25);
 * manualSeed(0);
 * layer(ones([1000])).amax(); // 1.3333
 * layer.eval()(ones([3])); // [1, 1, 1]
 */
export class Dropout extends Module {
  static override readonly pure = true;
  /** Probability of an element to become zero. Another value does not compile again. */
  p: number;

  /** @param options p, or an object with it; 0.5 by default. @throws ArgumentError unless it is from 0 to 1. */
  constructor(options: number | DropoutLayerOptions = {}) {
    super();
    this.p = probability(options, "Dropout");
  }

  /** @throws DTypeError unless the input holds floats. */
  forward(x: Tensor): Tensor {
    return dropoutFor(x, { p: this.p, training: this.training }, `Dropout(${this.p})`);
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/**
 * In training, sets whole channels to zero with probability p and multiplies the others by 1 / (1 - p). In evaluation
 * it passes its input on. (Tompson et al., 2015.)
 *
 * Shape (N, C, H, W) or (N, C, L) -> the same.
 *
 * @example
 * const layer = new nn.Dropout2d(0.5);
 * manualSeed(0);
 * layer(ones([8, 4, 3, 3])).sum([2, 3]).amax(); // 18
 */
export class Dropout2d extends Module {
  static override readonly pure = true;
  /** Probability of a channel of a sample to become zero. Another value does not compile again. */
  p: number;

  /** @param options p, or an object with it; 0.5 by default. @throws ArgumentError unless it is from 0 to 1. */
  constructor(options: number | DropoutLayerOptions = {}) {
    super();
    this.p = probability(options, "Dropout2d");
  }

  /** @throws ShapeError for other dimensions, DTypeError unless the input holds floats. */
  forward(x: Tensor): Tensor {
    return dropout2dFor(x, { p: this.p, training: this.training }, `Dropout2d(${this.p})`);
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}
