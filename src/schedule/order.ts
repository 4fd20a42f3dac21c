/**
 * Orders of axes in memory, and the strides that follow from them.
 */
import type { Shape } from "../base/shape.ts";
import type { Order } from "./plan.ts";

/** The order in which axes stand in the shape. */
export function rowMajor(ndim: number): Order {
  return Array.from({ length: ndim }, (_, d) => d);
}

export function isRowMajor(order: Order, shape: Shape): boolean {
  let last = -1;
  for (const d of order) {
    if (shape[d] === 1) continue;
    if (d < last) return false;
    last = d;
  }
  return true;
}

/** Strides of a contiguous buffer whose axes are ordered so. */
export function stridesFor(shape: Shape, order: Order): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const d = order[i] as number;
    strides[d] = step;
    step *= shape[d] as number;
  }
  return strides;
}

/** Whether memory with such strides is gone through from front to back in this order. */
export function runsThrough(shape: Shape, order: Order, strides: readonly number[]): boolean {
  const along = order.filter((d) => shape[d] !== 1).map((d) => strides[d] as number);
  return along.every((stride, i) => i === 0 || (along[i - 1] as number) > stride);
}

/** Elements between neighbours along each axis in row-major order. */
export const rowMajorStrides = (shape: Shape): number[] => stridesFor(shape, rowMajor(shape.length));
