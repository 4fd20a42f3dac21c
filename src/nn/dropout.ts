import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./arguments.ts";
import { dropout } from "./functional/dropout.ts";
import { Module } from "./module.ts";

/**
 * In training, sets elements to zero with probability p and multiplies the others by 1 / (1 - p) (Srivastava et al.,
 * 2014). In evaluation it passes its input on. Shape (*) -> (*).
 */
export class Dropout extends Module {
  /** Probability of an element to become zero. Another value does not compile again. */
  p: number;

  /** @param options p, or an object with it; 0.5 by default. @throws ArgumentError unless it is from 0 to 1. */
  constructor(options: number | { readonly p?: number | undefined } = {}) {
    super();
    this.p = checkRange((typeof options === "number" ? options : options.p) ?? 0.5, 0, 1, "p", "Dropout");
  }

  forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}
