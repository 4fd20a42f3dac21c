import { binary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The exponential: y = e ** x. Shape (*) -> (*). */
export const exp: UnaryOperation = unaryOperation({
  name: "exp",
  fn: "exp",
  accepts: "float",
  gradient: (g, _x, y) => binary("mul", g, y),
});
