import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** Rounds to the nearest integer, halves to the even one: y = nearest integer. Shape (*) -> (*). */
export const round: UnaryOperation = unaryOperation({
  name: "round",
  fn: "round",
  accepts: "number",
  keepsIntegers: true,
  gradient: () => null,
});
