import { ArgumentError } from "../../base/errors.ts";
import { broadcastShapes } from "../../base/shape.ts";
import { binary, compare, constant, expand, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/**
 * Limits elements to [min, max]; either bound may be missing. The gradient flows to the element where it is within the
 * bounds, to the bound that replaces it elsewhere. @throws ArgumentError without a bound, DTypeError for bool.
 */
export function clamp(x: Node, min: Node | null, max: Node | null, name = "clamp"): Node {
  if (min === null && max === null) {
    throw new ArgumentError(`${name}: give min, max or both, as in x.${name}({ min: 0 })`);
  }
  accept(x, "number", name);
  const raised = min === null ? x : limited(x, min, "max", name);
  return max === null ? raised : limited(raised, max, "min", name);
}

/** The larger ("max") or smaller of element and bound. At equality the gradient is the element's. */
function limited(x: Node, bound: Node, fn: "max" | "min", name: string): Node {
  const shape = broadcastShapes(x.shape, bound.shape, name);
  const [v, limit] = [expand(x, shape), expand(bound, shape)];
  return withGradient(binary(fn, v, limit), [v, limit], (g) => {
    const inside = fn === "max" ? compare("le", limit, v) : compare("le", v, limit);
    const zero = constant(0, g.shape, g.dtype);
    return [where(inside, g, zero), limit.requiresGrad ? where(inside, zero, g) : null];
  });
}
