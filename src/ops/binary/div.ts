import { binary, unary } from "../../graph/build.ts";
import { type BinaryOperation, binaryOperation } from "../definition.ts";

/** Quotient; integers are divided as floats: y = a / b, with broadcasting. Shapes (*), (*) -> (*). */
export const div: BinaryOperation = binaryOperation({
  name: "div",
  fn: "div",
  accepts: "float",
  gradient: (g, _a, b, y) => {
    const ga = binary("div", g, b);
    return [ga, unary("neg", binary("mul", ga, y))];
  },
});
