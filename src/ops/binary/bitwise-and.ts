import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** And: logical for bool, bitwise for integers: y = a & b, with broadcasting. Shapes (*), (*) -> (*). */
export const bitwiseAnd: BinaryOperation = binaryOperation({
  name: "bitwiseAnd",
  fn: "and",
  accepts: "integer",
  gradient: () => [null, null],
});
