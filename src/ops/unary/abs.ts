import { binary, unary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The absolute value. Its gradient at 0 is 0: y = |x|. Shape (*) -> (*). */
export const abs: UnaryOperation = unaryOperation({
  name: "abs",
  fn: "abs",
  accepts: "number",
  gradient: (g, x) => binary("mul", g, unary("sign", x)),
});
