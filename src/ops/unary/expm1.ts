import { binary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** e ** x - 1, accurate near 0: y = e ** x - 1. Shape (*) -> (*). */
export const expm1: UnaryOperation = unaryOperation({
  name: "expm1",
  fn: "expm1",
  accepts: "float",
  gradient: (g, _x, y) => binary("add", binary("mul", g, y), g),
});
