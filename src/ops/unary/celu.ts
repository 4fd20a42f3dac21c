import { binary, compare, constant, expand, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** x where x > 0, else alpha * (e ** (x / alpha) - 1), with an alpha of shape []. Shape (*) -> (*). (Barron, 2017.) */
export function celu(x: Node, alpha: Node): Node {
  const v = accept(x, "float", "celu");
  const positive = compare("lt", constant(0, v.shape, v.dtype), v);
  const scale = expand(alpha, v.shape);
  const y = where(positive, v, binary("mul", unary("expm1", binary("div", v, scale)), scale));
  // The slope e ** (x / alpha) is the result / alpha plus 1: no second exponential.
  return withGradient(y, [v], (g, node) => [
    where(positive, g, binary("mul", g, binary("div", binary("add", node, scale), scale))),
  ]);
}
