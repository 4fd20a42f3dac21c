import { binary, compare, constant, expand, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { sigmoid } from "./sigmoid.ts";

/**
 * ln(1 + e ** (beta x)) / beta, and x itself where beta x > threshold; both numbers have shape []. Computed as
 * max(z, 0) + ln(1 + e ** -|z|) with z = beta x, which overflows for no threshold. Shape (*) -> (*). (Dugas et al.,
 * 2001.)
 */
export function softplus(x: Node, beta: Node, threshold: Node): Node {
  const v = accept(x, "float", "softplus");
  const scale = expand(beta, v.shape);
  const z = binary("mul", v, scale);
  const linear = compare("lt", expand(threshold, v.shape), z);
  const tail = unary("log1p", unary("exp", unary("neg", unary("abs", z))));
  const bent = binary("add", binary("max", z, constant(0, v.shape, v.dtype)), tail);
  return withGradient(where(linear, v, binary("div", bent, scale)), [v], (g) => [
    where(linear, g, binary("mul", g, sigmoid(z))),
  ]);
}
