import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** Logical not of a bool tensor, bitwise not of integers: y = !x. Shape (*) -> (*). */
export const logicalNot: UnaryOperation = unaryOperation({
  name: "logicalNot",
  fn: "not",
  accepts: "integer",
  gradient: () => null,
});
