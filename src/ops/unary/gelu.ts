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

/** The same with 0.5 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))) for the probability. Shape (*) -> (*). */
export function geluByTanh(x: Node): Node {
  const v = accept(x, "float", "gelu");
  const times = (n: Node, by: number): Node => binary("mul", n, constant(by, n.shape, n.dtype));
  const cube = binary("mul", binary("mul", v, v), v);
  const inner = times(binary("add", v, times(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  const bent = binary("add", unary("tanh", inner), constant(1, v.shape, v.dtype));
  return binary("mul", times(v, 0.5), bent);
}
