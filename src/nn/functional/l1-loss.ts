import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/** |input - target|. Shapes (*), (*) -> (), or (*) without reduction. @throws ShapeError, DTypeError. */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkPaired(input, target, "l1Loss");
  return reduceLoss(ops.abs(ops.sub(input.node, target.node)), options, "l1Loss");
}
