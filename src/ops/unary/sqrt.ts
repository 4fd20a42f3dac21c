import { binary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The square root; NaN below 0: y = x ** 0.5. Shape (*) -> (*). */
export const sqrt: UnaryOperation = unaryOperation({
  name: "sqrt",
  fn: "sqrt",
  accepts: "float",
  gradient: (g, _x, y) => binary("div", g, binary("add", y, y)),
});
