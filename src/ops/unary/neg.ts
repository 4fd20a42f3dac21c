import { unary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The negative, element by element: y = -x. Shape (*) -> (*). */
export const neg: UnaryOperation = unaryOperation({
  name: "neg",
  fn: "neg",
  accepts: "number",
  gradient: (g) => unary("neg", g),
});
