import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Sum: y = a + b, with broadcasting. Of two bools it is true where either is. Shapes (*), (*) -> (*). */
export const add: BinaryOperation = binaryOperation({
  name: "add",
  fn: "add",
  accepts: "number",
  ofBools: "or",
  gradient: (g) => [g, g],
});
