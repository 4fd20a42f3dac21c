import {
  binary,
  cast,
  compare,
  constant,
  expand,
  reduce,
  unary,
  where,
  withGradient,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { type ReduceOptions, reduceOver } from "./reduction.ts";

/** `p`: the order of the norm, 2 by default; Infinity gives the largest magnitude, 0 counts what is not zero. */
export interface NormOptions extends ReduceOptions {
  readonly p?: number | undefined;
}

/** (sum of |x| ** p) ** (1 / p) over axes. */
export function norm(x: Node, options: NormOptions = {}): Node {
  const v = accept(x, "float", "norm");
  const p = options.p ?? 2;
  return reduceOver(v, options, "norm", (axes) => {
    const size = unary("abs", v);
    if (p === Number.POSITIVE_INFINITY) return reduce("max", size, axes);
    if (p === Number.NEGATIVE_INFINITY) return reduce("min", size, axes);
    if (p === 0) return reduce("sum", cast(compare("ne", v, constant(0, v.shape, v.dtype)), v.dtype), axes);
    if (p === 1) return reduce("sum", size, axes);
    return p === 2 ? euclidean(v, axes) : ofOrder(v, size, p, axes);
  });
}

/** Its gradient is x / norm, and 0 where all elements are. */
function euclidean(x: Node, axes: readonly number[]): Node {
  const y = unary("sqrt", reduce("sum", binary("mul", x, x), axes));
  return withGradient(y, [x], (g, node) => [
    binary("mul", x, expand(zeroWhereZero(node, binary("div", g, node)), x.shape)),
  ]);
}

/** Its gradient is sign(x) * (|x| / norm) ** (p - 1), and 0 at elements that are 0. */
function ofOrder(x: Node, size: Node, p: number, axes: readonly number[]): Node {
  const power = (v: Node, exponent: number): Node => binary("pow", v, constant(exponent, v.shape, v.dtype));
  const y = power(reduce("sum", power(size, p), axes), 1 / p);
  return withGradient(y, [x], (g, node) => {
    const share = zeroWhereZero(node, binary("div", g, power(node, p - 1)));
    const slope = zeroWhereZero(x, binary("mul", unary("sign", x), power(unary("abs", x), p - 1)));
    return [binary("mul", slope, expand(share, x.shape))];
  });
}

/** `value` except where `x` is 0, where it is 0 too, whatever was computed there. */
function zeroWhereZero(x: Node, value: Node): Node {
  const zero = constant(0, x.shape, x.dtype);
  return where(compare("eq", x, zero), zero, value);
}
