import { binary, compare, constant, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { sigmoid } from "./sigmoid.ts";

/** ln(1 / (1 + e ** -x)), computed as min(x, 0) - ln(1 + e ** -|x|), which never overflows. Shape (*) -> (*). */
export function logSigmoid(x: Node): Node {
  const v = accept(x, "float", "logsigmoid");
  const zero = constant(0, v.shape, v.dtype);
  const tail = unary("log1p", unary("exp", unary("neg", unary("abs", v))));
  const negative = where(compare("lt", v, zero), v, zero);
  return withGradient(binary("sub", negative, tail), [v], (g) => [
    binary("mul", g, sigmoid(unary("neg", v))),
  ]);
}
