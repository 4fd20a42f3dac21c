import { binary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The natural logarithm: -Infinity at 0, NaN below: y = ln x. Shape (*) -> (*). */
export const log: UnaryOperation = unaryOperation({
  name: "log",
  fn: "log",
  accepts: "float",
  gradient: (g, x) => binary("div", g, x),
});
