import { DTypeError } from "../../base/errors.ts";
import { broadcastShapes } from "../../base/shape.ts";
import { where as choose, expand } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { harmonize } from "../definition.ts";

/** Elements of `a` where the condition holds, of `b` elsewhere, with broadcasting. @throws DTypeError, ShapeError. */
export function where(condition: Node, a: Node, b: Node): Node {
  if (condition.dtype !== "bool") {
    throw new DTypeError(
      `where: the condition must be bool, got ${condition.dtype}; compare first, as in x.gt(0)`,
      {
        dtype: condition.dtype,
      },
    );
  }
  const [x, y] = harmonize(a, b, "where");
  const shape = broadcastShapes(condition.shape, x.shape, "where");
  return choose(expand(condition, shape), expand(x, shape), expand(y, shape));
}
