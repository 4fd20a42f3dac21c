import { type DType, isFloat, promote } from "../../base/dtype.ts";
import { ArgumentError, DTypeError } from "../../base/errors.ts";
import { kindOf } from "../../base/options.ts";
import { cast, scalar } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { mul } from "./mul.ts";

/** What a factor may be, as in PyTorch: a negative one of uint8 counts backwards from 256. */
const ranges: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [-255, 255],
  int32: [-2147483648, 2147483647],
};

/**
 * alpha * b in the type of its sum with something of type `a`, where it is computed: of two bools it is b, or false where
 * alpha is 0. Shape (*) -> (*).
 *
 * @throws ArgumentError for an alpha that is no number, DTypeError for a fraction where the sum is of integers or bools,
 *   and for what these cannot hold, as PyTorch
 */
export function scaled(a: DType, b: Node, alpha: number, name: string): Node {
  if (typeof alpha !== "number") {
    throw new ArgumentError(`${name}: alpha must be a number; got ${kindOf(alpha)}`, { alpha });
  }
  const dtype = promote(a, b.dtype);
  if (!isFloat(dtype) && !Number.isInteger(alpha)) {
    throw new DTypeError(
      `${name}: alpha must be an integer where the result is ${dtype}, got ${alpha}; convert with .to("float32")`,
      { alpha, dtype },
    );
  }
  const range = ranges[dtype];
  if (range !== undefined && (alpha < range[0] || alpha > range[1])) {
    throw new DTypeError(
      `${name}: alpha must be from ${range[0]} to ${range[1]} where the result is ${dtype}, got ${alpha}; convert with ` +
        '.to("float32")',
      { alpha, dtype },
    );
  }
  return mul(cast(b, dtype), scalar(dtype === "bool" ? Number(alpha !== 0) : alpha, dtype));
}
