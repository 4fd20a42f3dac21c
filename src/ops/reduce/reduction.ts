/**
 * What all reductions share: which axes, and whether they stay as axes of size 1.
 */
import { normalizeDims, type Shape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** `dim`: the axes to reduce, all by default. `keepdim`: whether they stay with size 1; false by default. */
export interface ReduceOptions {
  readonly dim?: number | readonly number[] | undefined;
  readonly keepdim?: boolean | undefined;
}

/** Applies a reduction that keeps its axes, and drops them unless they are to stay. */
export function reduceOver(
  x: Node,
  options: ReduceOptions,
  name: string,
  body: (axes: readonly number[]) => Node,
): Node {
  const axes = normalizeDims(options.dim, x.shape.length, name);
  const y = body(axes);
  return options.keepdim === true ? y : reshape(y, withoutAxes(x.shape, axes));
}

export function withoutAxes(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, d) => !axes.includes(d));
}

/** Number of elements that each result is made of. */
export function reducedCount(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((n, d) => n * (shape[d] as number), 1);
}
