import { binary, compare, constant, expand, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** min(max(x, low), high), with bounds of shape []. Its gradient at the bounds is 0, unlike `clamp`'s. Shape (*) -> (*). */
export function hardtanh(x: Node, low: Node, high: Node): Node {
  const v = accept(x, "number", "hardtanh");
  const [least, most] = [expand(low, v.shape), expand(high, v.shape)];
  return withGradient(binary("min", binary("max", v, least), most), [v], (g) => {
    const zero = constant(0, g.shape, g.dtype);
    return [where(compare("le", v, least), zero, where(compare("le", most, v), zero, g))];
  });
}
