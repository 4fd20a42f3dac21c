import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkSameType } from "../arguments.ts";

export interface LinearOptions {
  /** Shape (out). None by default. */
  readonly bias?: Tensor | null | undefined;
}

/**
 * y = x W^T + b.
 *
 * Shapes: x (*, in), weight (out, in) -> (*, out). @throws ShapeError, DTypeError.
 */
export function linear(x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  const bias = options.bias ?? null;
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
