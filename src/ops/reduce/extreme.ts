import { ShapeError } from "../../base/errors.ts";
import { formatShape, normalizeDim, normalizeDims } from "../../base/shape.ts";
import { cast, gather, reduce, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reduceOver, withoutAxes } from "./reduction.ts";

/**
 * Largest or smallest element over axes; NaN where there is one. The gradient is shared between equal ones.
 *
 * @param name what errors call it
 */
export function extreme(x: Node, fn: "max" | "min", options: ReduceOptions = {}, name: string = fn): Node {
  refuseEmpty(x, options.dim, name);
  const v = x.dtype === "bool" ? cast(x, "int32") : x;
  const y = reduceOver(v, options, name, (axes) => reduce(fn, v, axes));
  return cast(y, x.dtype);
}

/** Position of the first largest or smallest element along one axis, or in the flattened tensor. int32. */
export function argExtreme(
  x: Node,
  fn: "argmax" | "argmin",
  options: { dim?: number | undefined; keepdim?: boolean | undefined },
): Node {
  refuseEmpty(x, options.dim, fn);
  const v = x.dtype === "bool" ? cast(x, "int32") : x;
  return reduceOver(v, options, fn, (axes) => reduce(fn, v, axes));
}

/** Largest or smallest elements along one axis with their positions; the gradient goes to those positions. */
export function extremeAlong(
  x: Node,
  fn: "max" | "min",
  dim: number,
  keepdim: boolean,
): { values: Node; indices: Node } {
  refuseEmpty(x, dim, fn);
  const axis = normalizeDim(dim, x.shape.length, fn);
  if (x.shape.length === 0) return { values: x, indices: reduce(fn === "max" ? "argmax" : "argmin", x, []) };
  const at = argExtreme(x, fn === "max" ? "argmax" : "argmin", { dim: axis, keepdim: true });
  const values = gather(x, at, axis);
  if (keepdim) return { values, indices: at };
  const shape = withoutAxes(x.shape, [axis]);
  return { values: reshape(values, shape), indices: reshape(at, shape) };
}

/** No elements at all are fine, as long as every result has some to be chosen from. */
function refuseEmpty(x: Node, dim: number | readonly number[] | undefined, name: string): void {
  if (normalizeDims(dim, x.shape.length, name).every((d) => x.shape[d] !== 0)) return;
  throw new ShapeError(`${name}: a tensor of shape ${formatShape(x.shape)} has no elements to choose from`, {
    shape: x.shape,
  });
}
