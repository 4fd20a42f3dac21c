import { DTypeError } from "../../base/errors.ts";
import { constant } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../arguments.ts";

/**
 * min(max(x, 0), 6). Its gradient at 0 and at 6 is 0.
 *
 * @param x any shape (*); a number type
 * @returns shape (*), elements from 0 to 6
 * @throws ArgumentError for anything but a tensor, DTypeError for bool.
 * @example
 * F.relu6(tensor([-1, 3, 7])); // [0, 3, 6]
 */
export function relu6(x: Tensor): Tensor {
  checkTensor(x, "input", "relu6");
  if (x.dtype === "bool") {
    throw new DTypeError('relu6: needs numbers, got bool; convert with .to("float32")', { dtype: x.dtype });
  }
  const [zero, six] = [constant(0, [], x.dtype), constant(6, [], x.dtype)];
  return Tensor.of(ops.hardtanh(x.node, zero, six));
}
