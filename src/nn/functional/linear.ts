import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkSameType, checkTensor } from "../arguments.ts";

/** Options of `F.linear`. */
export interface LinearOptions {
  /** Shape (out). None by default. */
  readonly bias?: Tensor | null | undefined;
}

/**
 * y = x W^T + b.
 *
 * @param x shape (*, in)
 * @param weight shape (out, in)
 * @param options.bias shape (out); none by default
 * @returns shape (*, out)
 * @throws ShapeError where shapes do not fit, DTypeError unless all are floats of one type.
 * @example
 * F.linear(tensor([1, 2]), tensor([[3, 4], [5, 6]])); // [11, 17]
 */
export function linear(x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  checkOptions(options, ["bias"], "linear", { nullable: ["bias"] });
  checkTensor(weight, "weight", "linear");
  const bias = options.bias ?? null;
  if (bias !== null) checkSameType(bias, weight, "linear", "weight", "bias");
  if (weight.ndim !== 2 || (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0]))) {
    throw new ShapeError(
      `linear: weight must have shape (out, in) and bias (out), got ${formatShape(weight.shape)}` +
        (bias === null ? "" : ` and ${formatShape(bias.shape)}`),
      { weight: weight.shape, bias: bias?.shape },
    );
  }
  checkSameType(x, weight, "linear");
  return Tensor.of(ops.linear(x.node, weight.node, bias?.node ?? null));
}
