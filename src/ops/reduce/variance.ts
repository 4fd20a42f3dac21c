import { isFloat } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { binary, compare, constant, expand, reduce, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reducedCount, reduceOver } from "./reduction.ts";

/** `unbiased`: divide by n - 1 (Bessel's correction) rather than n; true by default. */
export interface VarianceOptions extends ReduceOptions {
  readonly unbiased?: boolean | undefined;
}

/** Variance over axes, in two passes: the mean first, then squared distances from it. @throws DTypeError. */
export function variance(x: Node, options: VarianceOptions = {}, name = "var"): Node {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${name}: needs a float tensor, got ${x.dtype}; convert with .to("float32")`, {
      dtype: x.dtype,
    });
  }
  return reduceOver(x, options, name, (axes) => {
    const n = reducedCount(x.shape, axes);
    const scale = (v: Node, by: number): Node => binary("mul", v, constant(by, v.shape, v.dtype));
    const mean = scale(reduce("sum", x, axes), 1 / n);
    const centred = binary("sub", x, expand(mean, x.shape));
    return scale(
      reduce("sum", binary("mul", centred, centred), axes),
      1 / (options.unbiased === false ? n : Math.max(0, n - 1)),
    );
  });
}

/** The square root of the variance. Where it is 0 so is its gradient. @throws DTypeError. */
export function deviation(x: Node, options: VarianceOptions = {}): Node {
  const v = variance(x, options, "std");
  return withGradient(unary("sqrt", v), [v], (g, y) => {
    const zero = constant(0, y.shape, y.dtype);
    return [where(compare("eq", y, zero), zero, binary("div", g, binary("add", y, y)))];
  });
}
