import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** Rounds up: y = smallest integer >= x. Shape (*) -> (*). */
export const ceil: UnaryOperation = unaryOperation({
  name: "ceil",
  fn: "ceil",
  accepts: "number",
  keepsIntegers: true,
  gradient: () => null,
});
