import { binary, unary } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Remainder with the sign of the divisor, as Python's %: y = a - floor(a / b) * b, with broadcasting. Shapes (*), (*) -> (*). */
export const remainder: BinaryOperation = binaryOperation({
  name: "remainder",
  fn: "fmod",
  accepts: "number",
  gradient: (g, a, b) => [g, unary("neg", binary("mul", g, unary("floor", binary("div", a, b))))],
});
