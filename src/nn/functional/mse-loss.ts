import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/**
 * (input - target) ** 2.
 *
 * @param input shape (*)
 * @param target shape (*)
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError.
 * @example
 * F.mseLoss(tensor([1, 5]), tensor([2, 2])); // 5
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, ["reduction"], "mseLoss");
  checkPaired(input, target, "mseLoss");
  return reduceLoss(ops.square(ops.sub(input.node, target.node)), options, "mseLoss");
}
