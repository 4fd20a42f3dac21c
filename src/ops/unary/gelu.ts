import { binary, constant, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** x * P(X <= x) for a standard normal X, by the error function. Shape (*) -> (*). (Hendrycks and Gimpel, 2016.) */
export function gelu(x: Node): Node {
  const v = accept(x, "float", "gelu");
  const c = (value: number): Node => constant(value, v.shape, v.dtype);
  const bell = unary("erf", binary("mul", v, c(Math.SQRT1_2)));
  return binary("mul", binary("mul", v, c(0.5)), binary("add", bell, c(1)));
}
