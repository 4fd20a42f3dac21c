import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/**
 * |input - target|.
 *
 * @param input shape (*)
 * @param target shape (*)
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError.
 * @example
 * F.l1Loss(tensor([1, 5]), tensor([2, 2])); // 2
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, ["reduction"], "l1Loss");
  checkPaired(input, target, "l1Loss");
  return reduceLoss(ops.abs(ops.sub(input.node, target.node)), options, "l1Loss");
}
