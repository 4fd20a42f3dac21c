import { isFloat } from "../../base/dtype.ts";
import { compare, constant, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** Whether an element is neither infinite nor NaN. Shape (*) -> (*), bool. */
export function isfinite(x: Node): Node {
  if (!isFloat(x.dtype)) return constant(1, x.shape, "bool");
  return compare("lt", unary("abs", x), constant(Number.POSITIVE_INFINITY, x.shape, x.dtype));
}
