import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape, normalizeDim } from "../../base/shape.ts";
import { permute, window } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/**
 * All windows of `size` elements along an axis, `step` apart: result[.., p, .., k] = x[.., p * step + k, ..], with
 * p = 0 to floor((length - size) / step). The axis keeps its place, and the offset k is a new last axis.
 *
 * @throws ArgumentError for a size or step that is no positive integer, ShapeError when no window fits
 */
export function unfoldAlong(x: Node, dim: number, size: number, step: number): Node {
  const axis = normalizeDim(dim, x.shape.length, "unfold");
  for (const [name, value] of [
    ["size", size],
    ["step", step],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ArgumentError(`unfold: ${name} must be an integer of 1 or more; got ${value}`, {
        [name]: value,
      });
    }
  }
  const length = x.shape[axis];
  if (length === undefined || size > length) {
    throw new ShapeError(
      `unfold: windows of ${size} elements do not fit dimension ${dim} of shape ${formatShape(x.shape)}`,
      { size, dim, shape: x.shape },
    );
  }
  const windows = window(x, axis, size, step, 1);
  const axes = windows.shape.map((_, d) => d).filter((d) => d !== axis + 1);
  return permute(windows, [...axes, axis + 1]);
}
