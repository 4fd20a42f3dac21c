import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** Rounds down: y = largest integer <= x. Shape (*) -> (*). */
export const floor: UnaryOperation = unaryOperation({
  name: "floor",
  fn: "floor",
  accepts: "number",
  keepsIntegers: true,
  gradient: () => null,
});
