import { ArgumentError } from "../../base/errors.ts";
import { binary, broadcastTo, compare, constant, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { bitwiseAnd } from "../binary/bitwise-and.ts";

/** Limits elements to [min, max]; either bound may be missing. No gradient flows where a bound is passed. */
export function clamp(x: Node, min: Node | null, max: Node | null): Node {
  if (min === null && max === null) {
    throw new ArgumentError("clamp: give min, max or both, as in x.clamp({ min: 0 })");
  }
  let y = x;
  let inside: Node | null = null;
  if (min !== null) {
    const low = broadcastTo(min, x.shape);
    y = binary("max", y, low);
    inside = compare("le", low, x);
  }
  if (max !== null) {
    const high = broadcastTo(max, x.shape);
    y = binary("min", y, high);
    const below = compare("le", x, high);
    inside = inside === null ? below : bitwiseAnd(inside, below);
  }
  const keep = inside as Node;
  return withGradient(y, [x], (g) => [where(keep, g, constant(0, g.shape, g.dtype))]);
}
