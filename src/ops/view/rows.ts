/**
 * One axis as the columns of a matrix, and back: what operations along an axis are written for.
 */
import { type Shape, sizeOf } from "../../base/shape.ts";
import { permute, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** x with `axis` last and all others as one: (rows, length). A scalar counts as one row of one element. */
export function asRows(x: Node, axis: number): Node {
  const { shape } = x;
  if (shape.length === 0) return reshape(x, [1, 1]);
  const order = axisLast(shape, axis);
  const length = shape[axis] as number;
  return reshape(permute(x, order), [sizeOf(order.slice(0, -1).map((d) => shape[d] as number)), length]);
}

/** Rows as a tensor whose other axes are those of `shape`; the axis has as many elements as the rows. */
export function fromRows(rows: Node, shape: Shape, axis: number): Node {
  if (shape.length === 0) return reshape(rows, []);
  const order = axisLast(shape, axis);
  const sizes = order.map((d) => (d === axis ? (rows.shape[1] as number) : (shape[d] as number)));
  return permute(
    reshape(rows, sizes),
    order.map((_, d) => order.indexOf(d)),
  );
}

function axisLast(shape: Shape, axis: number): number[] {
  return [...shape.map((_, d) => d).filter((d) => d !== axis), axis];
}
