import type { Tensor } from "../tensor/tensor.ts";
import { relu6 } from "./functional/relu6.ts";
import { Optionless } from "./optionless.ts";

/**
 * min(max(x, 0), 6): bounded, so that few bits are enough to hold it. (Krizhevsky, 2010; used by MobileNet.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.ReLU6()(tensor([-1, 3, 7])); // [0, 3, 6]
 */
export class ReLU6 extends Optionless {
  static override readonly pure = true;
  /** @throws ArgumentError for anything but a tensor. */
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}
