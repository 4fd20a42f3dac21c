import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Passes its input on: stands where a layer has been taken out. Shape (*) -> (*).
 *
 * @example
 * new nn.Identity()(tensor([1, 2])); // [1, 2]
 */
export class Identity extends Module {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return x;
  }
}
