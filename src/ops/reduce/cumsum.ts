import { isFloat } from "../../base/dtype.ts";
import { normalizeDim, sizeOf } from "../../base/shape.ts";
import { cast, flip, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { asRows, fromRows } from "../view/rows.ts";
import { scanRows } from "./scan.ts";

/** y[i] = x[0] + ... + x[i] along an axis. Integers and bool are summed as int32. @throws ShapeError. */
export function cumsum(x: Node, dim: number): Node {
  const axis = normalizeDim(dim, x.shape.length, "cumsum");
  const v = isFloat(x.dtype) ? x : cast(x, "int32");
  if (sizeOf(v.shape) === 0 || v.shape.length === 0) return v;
  const sums = fromRows(scanRows(asRows(v, axis), "sum"), v.shape, axis);
  return withGradient(sums, [v], (g) => [flip(cumsum(flip(g, [axis]), axis), [axis])]);
}
