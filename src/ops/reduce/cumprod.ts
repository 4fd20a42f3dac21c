import { isFloat } from "../../base/dtype.ts";
import { normalizeDim, sizeOf } from "../../base/shape.ts";
import { cast } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { asRows, fromRows } from "../view/rows.ts";
import { scanRows } from "./scan.ts";

/**
 * y[i] = x[0] * ... * x[i] along an axis. Integers and bool are multiplied as int32. The gradient is right where
 * elements are 0. @throws ShapeError.
 */
export function cumprod(x: Node, dim: number): Node {
  const axis = normalizeDim(dim, x.shape.length, "cumprod");
  const v = isFloat(x.dtype) ? x : cast(x, "int32");
  if (sizeOf(v.shape) === 0 || v.shape.length === 0) return v;
  return fromRows(scanRows(asRows(v, axis), "prod"), v.shape, axis);
}
