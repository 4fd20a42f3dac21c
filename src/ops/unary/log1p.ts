import { binary, constant } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** ln(1 + x), accurate near 0: y = ln(1 + x). Shape (*) -> (*). */
export const log1p: UnaryOperation = unaryOperation({
  name: "log1p",
  fn: "log1p",
  accepts: "float",
  gradient: (g, x) => binary("div", g, binary("add", x, constant(1, x.shape, x.dtype))),
});
