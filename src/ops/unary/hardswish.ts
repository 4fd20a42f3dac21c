import { binary, compare, constant, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { ramp } from "./hardsigmoid.ts";

/** x * hardsigmoid(x): 0 up to -3, x from 3 on, x (x + 3) / 6 between. Shape (*) -> (*). (Howard et al., 2019.) */
export function hardswish(x: Node): Node {
  const v = accept(x, "float", "hardswish");
  const c = (value: number): Node => constant(value, v.shape, v.dtype);
  return withGradient(binary("mul", v, ramp(v)), [v], (g) => {
    const slope = binary("add", binary("mul", v, c(1 / 3)), c(0.5));
    const upper = where(compare("lt", v, c(3)), binary("mul", g, slope), g);
    return [where(compare("lt", c(-3), v), upper, c(0))];
  });
}
