import { DTypeError } from "../../base/errors.ts";
import { binary, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BinaryDefinition, type BinaryOperation, harmonize } from "../definition.ts";

const definition: BinaryDefinition = {
  name: "sub",
  fn: "sub",
  accepts: "number",
  gradient: (g) => [g, unary("neg", g)],
};

/** @throws DTypeError where either operand of a difference is a bool tensor, as PyTorch. */
export function refuseBools(a: Node, b: Node, name: string): void {
  if (a.dtype !== "bool" && b.dtype !== "bool") return;
  throw new DTypeError(
    `${name}: there is no difference with a bool tensor; logicalNot inverts a mask, logicalXor tells where two differ, ` +
      '.to("float32") or .to("int32") makes numbers of it',
    { a: a.dtype, b: b.dtype },
  );
}

function apply(a: Node, b: Node, name = "sub"): Node {
  refuseBools(a, b, name);
  return binary("sub", ...harmonize(a, b, name, "number"));
}

/** Difference: y = a - b, with broadcasting. Shapes (*), (*) -> (*). @throws DTypeError for bool, as PyTorch. */
export const sub: BinaryOperation = Object.assign(apply, { definition });
