import { binary, compare, constant, unary, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** 0 up to -3, 1 from 3 on, x / 6 + 1 / 2 between. Shape (*) -> (*). (Howard et al., 2019.) */
export function hardsigmoid(x: Node): Node {
  const v = accept(x, "float", "hardsigmoid");
  const inside = compare("lt", unary("abs", v), constant(3, v.shape, v.dtype));
  return withGradient(ramp(v), [v], (g) => [
    where(inside, binary("mul", g, constant(1 / 6, g.shape, g.dtype)), constant(0, g.shape, g.dtype)),
  ]);
}

/** min(max(x + 3, 0), 6) / 6, without a gradient rule of its own. */
export function ramp(x: Node): Node {
  const c = (value: number): Node => constant(value, x.shape, x.dtype);
  const cut = binary("min", binary("max", binary("add", x, c(3)), c(0)), c(6));
  return binary("mul", cut, c(1 / 6));
}
