import { binary, compare, constant, detach, expand, reduce, unary, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { type ReduceOptions, reduceOver } from "./reduction.ts";

/** ln of the sum of e ** x over axes, shifted by the maximum so that nothing overflows. */
export function logsumexp(x: Node, options: ReduceOptions = {}): Node {
  const v = accept(x, "float", "logsumexp");
  return reduceOver(v, options, "logsumexp", (axes) => {
    const top = detach(reduce("max", v, axes));
    // An infinite maximum must not be subtracted from itself.
    const infinite = constant(Number.POSITIVE_INFINITY, top.shape, top.dtype);
    const shift = where(compare("lt", unary("abs", top), infinite), top, constant(0, top.shape, top.dtype));
    const total = reduce("sum", unary("exp", binary("sub", v, expand(shift, v.shape))), axes);
    return binary("add", unary("log", total), shift);
  });
}
