import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** Drops the fraction: y = integer part. Shape (*) -> (*). */
export const trunc: UnaryOperation = unaryOperation({
  name: "trunc",
  fn: "trunc",
  accepts: "number",
  keepsIntegers: true,
  gradient: () => null,
});
