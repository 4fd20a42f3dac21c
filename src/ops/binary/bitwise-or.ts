import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Or: logical for bool, bitwise for integers: y = a | b, with broadcasting. Shapes (*), (*) -> (*). */
export const bitwiseOr: BinaryOperation = binaryOperation({
  name: "bitwiseOr",
  fn: "or",
  accepts: "integer",
  gradient: () => [null, null],
});
