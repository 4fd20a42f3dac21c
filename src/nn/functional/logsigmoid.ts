import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../arguments.ts";

/**
 * ln sigmoid(x), without overflow.
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*), elements of 0 or less
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.logsigmoid(tensor([-1000, 0, 2])); // [-1000, -0.6931, -0.1269]
 */
export function logsigmoid(x: Tensor): Tensor {
  checkTensor(x, "input", "logsigmoid");
  return Tensor.of(ops.logSigmoid(x.node));
}
