import { unary } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Difference: y = a - b, with broadcasting. Shapes (*), (*) -> (*). */
export const sub: BinaryOperation = binaryOperation({
  name: "sub",
  fn: "sub",
  accepts: "number",
  gradient: (g) => [g, unary("neg", g)],
});
