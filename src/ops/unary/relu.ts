import { binary, compare, constant, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { accept } from "../definition.ts";

/** max(0, x), element by element. Its gradient at 0 is 0. Shape (*) -> (*). (Nair and Hinton, 2010.) */
export function relu(x: Node): Node {
  return whole([x])[0];
}

const whole = composite("relu", ([x]: readonly [Node]): [Node] => {
  const v = accept(x, "number", "relu");
  const zero = constant(0, v.shape, v.dtype);
  const output = withGradient(binary("max", v, zero), [v], (g) => [
    where(compare("lt", zero, v), g, constant(0, g.shape, g.dtype)),
  ]);
  return [output];
});
