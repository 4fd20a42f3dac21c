import { isFloat } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { binary, constant, expand, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reducedCount, reduceOver } from "./reduction.ts";

/** `unbiased`: divide by n - 1 (Bessel's correction) rather than n; true by default. */
export interface VarianceOptions extends ReduceOptions {
  readonly unbiased?: boolean | undefined;
}

/** Variance over axes, in two passes: the mean first, then squared distances from it. @throws DTypeError. */
export function variance(x: Node, options: VarianceOptions = {}): Node {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`var: needs a float tensor, got ${x.dtype}; convert with .to("float32")`, {
      dtype: x.dtype,
    });
  }
  return reduceOver(x, options, "var", (axes) => {
    const n = reducedCount(x.shape, axes);
    const scale = (v: Node, by: number): Node => binary("mul", v, constant(by, v.shape, v.dtype));
    const mean = scale(reduce("sum", x, axes), 1 / n);
    const centred = binary("sub", x, expand(mean, x.shape));
    return scale(
      reduce("sum", binary("mul", centred, centred), axes),
      1 / (options.unbiased === false ? n : n - 1),
    );
  });
}
