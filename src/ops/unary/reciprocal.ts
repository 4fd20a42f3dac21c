import { binary, unary } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** 1 / x: y = 1 / x. Shape (*) -> (*). */
export const reciprocal: UnaryOperation = unaryOperation({
  name: "reciprocal",
  fn: "reciprocal",
  accepts: "float",
  gradient: (g, _x, y) => unary("neg", binary("mul", g, binary("mul", y, y))),
});
