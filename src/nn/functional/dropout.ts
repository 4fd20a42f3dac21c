import { isFloat } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { compare, constant, expand, scalar, where } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import { defaultGenerator } from "../../tensor/generator.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkRange } from "../arguments.ts";

export interface DropoutOptions {
  /** Probability of an element to become zero; 0.5 by default. */
  readonly p?: number | undefined;
  /** Whether anything is dropped at all; true by default. */
  readonly training?: boolean | undefined;
}

/**
 * Sets elements to zero at random and multiplies the others by 1 / (1 - p) (Srivastava et al., 2014). Shape (*) -> (*).
 * @throws ArgumentError unless p is from 0 to 1.
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const p = checkRange(options.p ?? 0.5, 0, 1, "p", "dropout");
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`dropout: needs a float tensor, got ${x.dtype}; convert with .to("float32")`, {
      dtype: x.dtype,
    });
  }
  if (options.training === false) return x;
  const { node, shape, dtype } = x;
  const drawn = ops.uniform01(defaultGenerator.next(), shape, dtype);
  // p is an input of the program: another p does not compile again.
  const kept = compare("le", expand(scalar(p, dtype), shape), drawn);
  const scaled = ops.mul(node, scalar(p === 1 ? 0 : 1 / (1 - p), dtype));
  return Tensor.of(where(kept, scaled, constant(0, shape, dtype)));
}
