import { binary, unary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The sine of an angle in radians: y = sin x. Shape (*) -> (*). */
export const sin: UnaryOperation = unaryOperation({
  name: "sin",
  fn: "sin",
  accepts: "float",
  gradient: (g, x) => binary("mul", g, unary("cos", x)),
});
