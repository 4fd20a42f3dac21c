import { binary, constant } from "../../graph/build.ts";
import { type UnaryOperation, unaryOperation } from "../definition.ts";

/** The hyperbolic tangent: y = tanh x. Shape (*) -> (*). */
export const tanh: UnaryOperation = unaryOperation({
  name: "tanh",
  fn: "tanh",
  accepts: "float",
  gradient: (g, _x, y) => binary("mul", g, binary("sub", constant(1, y.shape, y.dtype), binary("mul", y, y))),
});
