import { isFloat } from "../../base/dtype.ts";
import { binary, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BinaryDefinition, type BinaryOperation, harmonize } from "../definition.ts";

const definition: BinaryDefinition = {
  name: "remainder",
  fn: "fmod",
  accepts: "number",
  gradient: (g, a, b) => [g, unary("neg", binary("mul", g, unary("floor", binary("div", a, b))))],
};

function apply(a: Node, b: Node, name = "remainder"): Node {
  const [x, y] = harmonize(a, b, name, "number");
  return binary(isFloat(x.dtype) ? "fmod" : "mod", x, y);
}

/** Remainder with the sign of the divisor, as Python's %: y = a - floor(a / b) * b, with broadcasting. Shapes (*), (*) -> (*). */
export const remainder: BinaryOperation = Object.assign(apply, { definition });
