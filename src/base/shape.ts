/**
 * Shape arithmetic: sizes, strides, broadcasting and dimension indices. Pure functions on plain number lists.
 */
import { ShapeError } from "./errors.ts";
import { written } from "./options.ts";

/** Sizes of the dimensions, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements of a tensor of this shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const s of shape) n *= s;
  return n;
}

/** Row-major strides in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d] as number;
  }
  return strides;
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[64, 1, 28, 28]`, as messages print it. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * Shape that both operands are expanded to, by NumPy's rule: aligned at the last dimension, sizes must be equal
 * or 1. @throws ShapeError naming the operation and both shapes.
 */
export function broadcastShapes(a: Shape, b: Shape, operation: string): Shape {
  if (sameShape(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let i = 1; i <= ndim; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: sizes ${x} and ${y} of ` +
          `dimension -${i} differ and neither is 1; reshape or expand one of them`,
        { a, b },
      );
    }
    out[ndim - i] = x === 1 ? y : x;
  }
  return out;
}

/** Turns a possibly negative dimension index into 0..ndim-1. @throws ShapeError when it is out of range. */
export function normalizeDim(dim: number, ndim: number, operation: string): number {
  const limit = Math.max(ndim, 1);
  if (typeof dim !== "number") {
    const given = typeof dim === "object" ? written(dim) : String(dim);
    throw new ShapeError(
      `${operation}: needs a dimension, a number from ${-limit} to ${limit - 1}; got ${given}`,
      { dim, ndim },
    );
  }
  if (!Number.isInteger(dim) || dim < -limit || dim >= limit) {
    throw new ShapeError(
      `${operation}: dimension ${dim} is out of range for a tensor of ${ndim} dimension${ndim === 1 ? "" : "s"}; ` +
        `use ${-limit} to ${limit - 1}`,
      { dim, ndim },
    );
  }
  return dim < 0 ? dim + limit : dim;
}

/** Normalises a dimension list; `undefined` means all. @throws ShapeError on duplicates or out of range. */
export function normalizeDims(
  dims: number | readonly number[] | undefined,
  ndim: number,
  operation: string,
): number[] {
  if (dims === undefined) return Array.from({ length: ndim }, (_, i) => i);
  const list = typeof dims === "number" ? [dims] : dims;
  if (!Array.isArray(list)) {
    const given = typeof list === "object" ? written(list) : String(list);
    throw new ShapeError(
      `${operation}: dimensions are a number or a list such as [0, 1], and options come after them; got ${given}`,
      { dims },
    );
  }
  const out = list.map((d) => normalizeDim(d, ndim, operation)).filter((d) => d < ndim);
  if (new Set(out).size !== out.length) {
    throw new ShapeError(`${operation}: dimension list ${formatShape(list)} names one twice`, { dims: list });
  }
  return out.sort((a, b) => a - b);
}

/** PyTorch also takes sizes one by one, `zeros(2, 3)`. @throws ShapeError unless the shape is a list. */
export function checkList(shape: unknown, operation: string): void {
  if (Array.isArray(shape)) return;
  throw new ShapeError(`${operation}: a shape is a list such as [2, 3]; got ${String(shape)}`, { shape });
}

/** Checks the sizes of a shape that came from outside. @throws ShapeError. */
export function checkShape(shape: Shape, operation: string): Shape {
  checkList(shape, operation);
  for (const s of shape) {
    if (!Number.isInteger(s) || s < 0) {
      throw new ShapeError(
        `${operation}: ${formatShape(shape)} is not a shape; sizes must be integers of 0 or more`,
        { shape },
      );
    }
  }
  return shape;
}

/** Resolves a single -1 in `target` so that it holds `count` elements. @throws ShapeError. */
export function resolveReshape(from: Shape, target: Shape, operation: string): Shape {
  checkList(target, operation);
  const count = sizeOf(from);
  let known = 1;
  let unknown = -1;
  target.forEach((s, i) => {
    if (s === -1) {
      if (unknown >= 0) {
        throw new ShapeError(`${operation}: ${formatShape(target)} has more than one -1`, { target });
      }
      unknown = i;
    } else known *= s;
  });
  if (unknown < 0) {
    checkShape(target, operation);
    if (known === count) return target;
  } else if (known > 0 && count % known === 0) {
    const out = [...target];
    out[unknown] = count / known;
    return checkShape(out, operation);
  }
  throw new ShapeError(
    `${operation}: ${formatShape(from)} has ${count} elements, which ${formatShape(target)} cannot hold`,
    { from, target },
  );
}
