import { binary, constant, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { sigmoid } from "./sigmoid.ts";

/** x / (1 + e ** -x). Shape (*) -> (*). (Elfwing, Uchibe and Doya, 2017.) */
export function silu(x: Node): Node {
  const v = accept(x, "float", "silu");
  const s = sigmoid(v);
  // The derivative s + x s (1 - s) by way of the result y = x s: s + y (1 - s).
  return withGradient(binary("mul", v, s), [v], (g, y) => {
    const rest = binary("sub", constant(1, v.shape, v.dtype), s);
    return [binary("mul", g, binary("add", s, binary("mul", y, rest)))];
  });
}
