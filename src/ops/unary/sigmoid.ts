import { binary, constant, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** 1 / (1 + e ** -x), element by element. Shape (*) -> (*). */
export function sigmoid(x: Node): Node {
  const v = accept(x, "float", "sigmoid");
  const one = constant(1, v.shape, v.dtype);
  const y = unary("reciprocal", binary("add", one, unary("exp", unary("neg", v))));
  return withGradient(y, [v], (g, node) => [binary("mul", g, binary("mul", node, binary("sub", one, node)))]);
}
