import { isFloat } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { binary, constant, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reducedCount, reduceOver } from "./reduction.ts";

/** Mean over axes; NaN where there is nothing to average. @throws DTypeError for integers. */
export function mean(x: Node, options: ReduceOptions = {}): Node {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`mean: needs a float tensor, got ${x.dtype}; convert with .to("float32")`, {
      dtype: x.dtype,
    });
  }
  return reduceOver(x, options, "mean", (axes) => {
    const total = reduce("sum", x, axes);
    return binary("mul", total, constant(1 / reducedCount(x.shape, axes), total.shape, total.dtype));
  });
}
