import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/** (input - target) ** 2. Shapes (*), (*) -> (), or (*) without reduction. @throws ShapeError, DTypeError. */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkPaired(input, target, "mseLoss");
  return reduceLoss(ops.square(ops.sub(input.node, target.node)), options, "mseLoss");
}
