import { binary, compare, constant, expand, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/**
 * x where x > 0, else alpha * (e ** x - 1), with an alpha of shape []. Shape (*) -> (*). (Clevert, Unterthiner and
 * Hochreiter, 2016.)
 */
export function elu(x: Node, alpha: Node): Node {
  const v = accept(x, "float", "elu");
  const positive = compare("lt", constant(0, v.shape, v.dtype), v);
  const factor = expand(alpha, v.shape);
  const y = where(positive, v, binary("mul", unary("expm1", v), factor));
  // The slope alpha * e ** x is the result plus alpha: no second exponential.
  return withGradient(y, [v], (g, node) => [
    where(positive, g, binary("mul", g, binary("add", node, factor))),
  ]);
}
