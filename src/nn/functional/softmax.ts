import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../arguments.ts";

/**
 * e ** x / sum of e ** x along an axis: logits become probabilities. Large elements do not overflow.
 *
 * @param x any shape (*); integers become float32
 * @param dim the axis whose elements are to sum to 1; negative ones count from the end
 * @returns shape (*), elements from 0 to 1
 * @throws ArgumentError for anything but a tensor, ShapeError for an axis that x does not have.
 * @example
 * F.softmax(tensor([[1, 2, 3]]), 1); // [[0.09, 0.2447, 0.6652]]
 */
export function softmax(x: Tensor, dim: number): Tensor {
  checkTensor(x, "input", "softmax");
  return Tensor.of(ops.softmax(x.node, dim));
}

/**
 * ln softmax(x) along an axis, without overflow and without the logarithm of 0.
 *
 * @param x any shape (*); integers become float32
 * @param dim the axis over which softmax sums to 1; negative ones count from the end
 * @returns shape (*), elements of 0 or less
 * @throws ArgumentError for anything but a tensor, ShapeError for an axis that x does not have.
 * @example
 * F.logSoftmax(tensor([[1, 2, 3]]), 1); // [[-2.4076, -1.4076, -0.4076]]
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkTensor(x, "input", "logSoftmax");
  return Tensor.of(ops.logSoftmax(x.node, dim));
}
