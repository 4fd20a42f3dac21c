import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Exclusive or: logical for bool, bitwise for integers: y = a ^ b, with broadcasting. Shapes (*), (*) -> (*). */
export const bitwiseXor: BinaryOperation = binaryOperation({
  name: "bitwiseXor",
  fn: "xor",
  accepts: "integer",
  gradient: () => [null, null],
});
