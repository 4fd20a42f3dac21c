import { binary, compare, constant, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** The gradient of a choice between two operands: to the one chosen, and half to each where they are equal. */
export function shareAtTies(g: Node, a: Node, b: Node, first: Node): [Node, Node] {
  const zero = constant(0, g.shape, g.dtype);
  const half = binary("mul", g, constant(0.5, g.shape, g.dtype));
  const tie = compare("eq", a, b);
  return [where(tie, half, where(first, g, zero)), where(tie, half, where(first, zero, g))];
}
