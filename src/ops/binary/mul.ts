import { binary } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Product: y = a * b, with broadcasting. Of two bools it is true where both are. Shapes (*), (*) -> (*). */
export const mul: BinaryOperation = binaryOperation({
  name: "mul",
  fn: "mul",
  accepts: "number",
  ofBools: "and",
  gradient: (g, a, b) => [binary("mul", g, b), binary("mul", g, a)],
});
