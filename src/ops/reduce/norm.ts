import { binary, cast, compare, constant, reduce, unary } from "../../graph/build.ts";
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
    if (p === 2) return unary("sqrt", reduce("sum", binary("mul", v, v), axes));
    const total = reduce("sum", binary("pow", size, constant(p, v.shape, v.dtype)), axes);
    return binary("pow", total, constant(1 / p, total.shape, v.dtype));
  });
}
