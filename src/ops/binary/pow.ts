import { isFloat } from "../../base/dtype.ts";
import { binary, cast, compare, constant, unary, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BinaryDefinition, type BinaryOperation, harmonize } from "../definition.ts";

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

const definition: BinaryDefinition = { name: "pow", fn: "pow", accepts: "number", gradient: powGradient };

function apply(a: Node, b: Node, name = "pow"): Node {
  const [x, y] = harmonize(a, b, name, "number");
  if (isFloat(x.dtype)) return binary("pow", x, y);
  return cast(binary("pow", cast(x, "float64"), cast(y, "float64")), x.dtype);
}

/**
 * Power: y = a ** b, with broadcasting. A negative base needs an integer exponent. Integers are exact up to the
 * largest int32, which stands for anything larger. Shapes (*), (*) -> (*).
 */
export const pow: BinaryOperation = Object.assign(apply, { definition });
