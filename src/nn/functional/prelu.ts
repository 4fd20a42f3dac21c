import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkSameType } from "../arguments.ts";

/**
 * x where x > 0, else weight * x, with a learned weight. (He, Zhang, Ren and Sun, 2015.)
 *
 * @param x shape (N, C, *), or any with a weight of one element
 * @param weight shape (1), or (C) for one weight per channel
 * @returns the shape of x
 * @throws ShapeError where the weight has neither, DTypeError unless both are floats of one type.
 * @example
 * F.prelu(tensor([[-2, -2], [3, -4]]), tensor([0.5, 0.25])); // [[-1, -0.5], [3, -1]]
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  return preluFor(x, weight, "prelu");
}

/** The same for a layer or function of that name. */
export function preluFor(x: Tensor, weight: Tensor, owner: string): Tensor {
  checkSameType(x, weight, owner);
  return Tensor.of(ops.prelu(x.node, weight.node, owner));
}
