import { binary, constant, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

function erfGradient(g: Node, x: Node): Node {
  const bell = unary("exp", unary("neg", binary("mul", x, x)));
  return binary("mul", g, binary("mul", bell, constant(2 / Math.sqrt(Math.PI), x.shape, x.dtype)));
}

/** The error function: y = 2 / sqrt(pi) * integral of exp(-t ** 2) from 0 to x. Shape (*) -> (*). */
export const erf: UnaryOperation = unaryOperation({
  name: "erf",
  fn: "erf",
  accepts: "float",
  gradient: erfGradient,
});
