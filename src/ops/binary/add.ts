import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Sum: y = a + b, with broadcasting. Shapes (*), (*) -> (*). */
export const add: BinaryOperation = binaryOperation({
  name: "add",
  fn: "add",
  accepts: "number",
  gradient: (g) => [g, g],
});
