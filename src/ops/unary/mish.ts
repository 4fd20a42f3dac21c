import { binary, constant, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** Above this the factor tanh(ln(1 + e ** x)) is 1 in every type, and the square of e ** x still fits. */
const limit = 20;

/**
 * x * tanh(ln(1 + e ** x)), as x * n / (n + 2) with n = e ** x * (e ** x + 2): one exponential, and nothing cancels.
 * Shape (*) -> (*). (Misra, 2019.)
 */
export function mish(x: Node): Node {
  const v = accept(x, "float", "mish");
  const c = (value: number): Node => constant(value, v.shape, v.dtype);
  const e = unary("exp", binary("min", v, c(limit)));
  const n = binary("mul", e, binary("add", e, c(2)));
  const below = binary("add", n, c(2));
  const factor = binary("div", n, below);
  return withGradient(binary("mul", v, factor), [v], (g) => {
    // The derivative of the factor: 4 e (e + 1) / (n + 2) ** 2.
    const above = binary("mul", binary("mul", e, c(4)), binary("add", e, c(1)));
    const slope = binary("div", binary("div", above, below), below);
    return [binary("mul", g, binary("add", factor, binary("mul", v, slope)))];
  });
}
