import { binary, compare, constant, unary, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** b * a ** (b - 1), and y * ln a, which is taken as 0 where a is 0 and b is not negative. */
function powGradient(g: Node, a: Node, b: Node, y: Node): [Node, Node] {
  const one = constant(1, a.shape, a.dtype);
  const zero = constant(0, a.shape, a.dtype);
  const slope = binary("mul", b, binary("pow", a, binary("sub", b, one)));
  const flat = compare("eq", b, zero);
  const grown = binary("mul", y, unary("log", a));
  return [
    binary("mul", g, where(flat, zero, slope)),
    binary("mul", g, where(compare("eq", a, zero), zero, grown)),
  ];
}

/** Power. A negative base needs an integer exponent: y = a ** b, with broadcasting. Shapes (*), (*) -> (*). */
export const pow: BinaryOperation = binaryOperation({
  name: "pow",
  fn: "pow",
  accepts: "number",
  gradient: powGradient,
});
