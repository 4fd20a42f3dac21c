import { binary, unary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The cosine of an angle in radians: y = cos x. Shape (*) -> (*). */
export const cos: UnaryOperation = unaryOperation({
  name: "cos",
  fn: "cos",
  accepts: "float",
  gradient: (g, x) => unary("neg", binary("mul", g, unary("sin", x))),
});
