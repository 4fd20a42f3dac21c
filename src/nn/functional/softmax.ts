import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** e ** x / sum of e ** x along an axis. Shape (*) -> (*). */
export function softmax(x: Tensor, dim: number): Tensor {
  return Tensor.of(ops.softmax(x.node, dim));
}

/** ln softmax(x) along an axis, without overflow. Shape (*) -> (*). */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  return Tensor.of(ops.logSoftmax(x.node, dim));
}
