import { DTypeError } from "../../base/errors.ts";
import { normalizeDim, type Shape, sizeOf } from "../../base/shape.ts";
import {
  binary,
  compare,
  constant,
  expand,
  gather,
  pad,
  reshape,
  scatterAdd,
  slice,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { argsort } from "../reduce/sort.ts";
import { checkRange, checkScatter, indices } from "./pick.ts";
import { cut } from "./shape-ops.ts";

/**
 * x with elements replaced: result[.., index[.., j, ..], ..] = source[.., j, ..] along an axis. Where several j name
 * one place, the last of them wins. Gradients flow to the elements of x that stay and to the source's that are used.
 *
 * @param source a tensor of x's type, at least as large as the index; or one element for all places
 * @throws ShapeError, DTypeError, and ArgumentError for an index that is out of range
 */
export function scatterAlong(x: Node, dim: number, index: Node, source: Node): Node {
  const axis = normalizeDim(dim, x.shape.length, "scatter");
  checkRange(index, x.shape[axis] ?? 1, "scatter");
  if (x.dtype !== source.dtype) {
    throw new DTypeError(
      `scatter: the source is ${source.dtype}, the tensor ${x.dtype}; convert with .to()`,
      {
        source: source.dtype,
        tensor: x.dtype,
      },
    );
  }
  const at = indices(index, "scatter");
  const isSingle = source.shape.length === 0;
  checkScatter(x, at, isSingle ? at : source, axis, "scatter");
  if (sizeOf(at.shape) === 0) return x;
  if (x.shape.length === 0) return reshape(source, []);
  return isSingle ? putOne(x, at, source, axis) : putEach(x, at, source, axis);
}

function putOne(x: Node, index: Node, source: Node, axis: number): Node {
  const none = constant(0, x.shape, "int32");
  const hits = scatterAdd(none, index, constant(1, index.shape, "int32"), axis);
  return where(compare("lt", none, hits), expand(source, x.shape), x);
}

function putEach(x: Node, index: Node, source: Node, axis: number): Node {
  const none = constant(0, x.shape, "int32");
  const winner = scatterAdd(none, ...lastOfEach(index, axis), axis);
  const origin = x.shape.map(() => 0);
  const missing = x.shape.map((s, d) => (d === axis ? 0 : s - (index.shape[d] as number)));
  const wide = pad(slice(source, origin, index.shape), origin, missing, 0);
  const value = gather(wide, binary("sub", winner, constant(1, x.shape, "int32")), axis);
  return where(compare("lt", none, winner), value, x);
}

/**
 * Places in sorted order, and for each 1 + the position of the last index that names it, at one occurrence; 0 at the
 * others. A stable sort puts the last one of equals last.
 */
function lastOfEach(index: Node, axis: number): [places: Node, positions: Node] {
  const { shape } = index;
  const count = shape[axis] as number;
  const one = constant(1, shape, "int32");
  if (count === 1) return [index, one];
  const order = argsort(index, { dim: axis });
  const places = gather(index, order, axis);
  const before = shape.map(() => 0);
  const after: Shape = shape.map((_, d) => (d === axis ? 1 : 0));
  const next = pad(cut(places, axis, 1, count - 1, 1), before, after, -1);
  const isLast = compare("ne", places, next);
  return [places, where(isLast, binary("add", order, one), constant(0, shape, "int32"))];
}
