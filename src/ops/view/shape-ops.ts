/**
 * Views that take shapes and axes from users: checks, then the primitives.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import {
  checkList,
  formatShape,
  normalizeDim,
  normalizeDims,
  resolveReshape,
  type Shape,
  sizeOf,
} from "../../base/shape.ts";
import {
  binary,
  constant,
  expand,
  flip as flipAxes,
  pad,
  permute as permuteAxes,
  reshape as reshapeTo,
  slice,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** The same elements in another shape; one size may be -1. @throws ShapeError. */
export function reshape(x: Node, shape: Shape): Node {
  return reshapeTo(x, resolveReshape(x.shape, shape, "reshape"));
}

/** Axes in another order. @throws ShapeError unless every axis is named once. */
export function permute(x: Node, dims: readonly number[]): Node {
  // PyTorch also takes them one by one, `permute(1, 0)`.
  if (!Array.isArray(dims)) {
    throw new ArgumentError(`permute: dimensions are a list such as [1, 0]; got ${String(dims)}`, { dims });
  }
  const axes = dims.map((d) => normalizeDim(d, x.shape.length, "permute"));
  if (axes.length !== x.shape.length || new Set(axes).size !== axes.length) {
    throw new ShapeError(
      `permute: ${formatShape(dims)} must name each of the ${x.shape.length} dimensions of ${formatShape(x.shape)} once`,
      { dims, shape: x.shape },
    );
  }
  return permuteAxes(x, axes);
}

/** Two axes swapped. */
export function transpose(x: Node, a: number, b: number): Node {
  const ndim = x.shape.length;
  const [i, j] = [normalizeDim(a, ndim, "transpose"), normalizeDim(b, ndim, "transpose")];
  return permuteAxes(
    x,
    x.shape.map((_, d) => (d === i ? j : d === j ? i : d)),
  );
}

/** Axes of size 1 removed: the given ones, or all. An axis of another size stays. */
export function squeeze(x: Node, dim?: number | readonly number[]): Node {
  const list = dim === undefined ? x.shape.map((_, d) => d) : typeof dim === "number" ? [dim] : dim;
  const axes = list.map((d) => normalizeDim(d, x.shape.length, "squeeze"));
  return reshapeTo(
    x,
    x.shape.filter((s, d) => s !== 1 || !axes.includes(d)),
  );
}

/** An axis of size 1 put in. */
export function unsqueeze(x: Node, dim: number): Node {
  const at = normalizeDim(dim, x.shape.length + 1, "unsqueeze");
  return reshapeTo(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Axes of size 1 repeated without copying; -1 keeps a size; new axes may come in front. @throws ShapeError. */
export function expandTo(x: Node, shape: Shape): Node {
  checkList(shape, "expand");
  const missing = shape.length - x.shape.length;
  const own = [...new Array<number>(Math.max(missing, 0)).fill(1), ...x.shape];
  const target = shape.map((s, d) => (s === -1 && d >= missing ? (own[d] as number) : s));
  if (missing < 0 || target.some((s, d) => s < 0 || (s !== own[d] && own[d] !== 1))) {
    throw new ShapeError(
      `expand: ${formatShape(x.shape)} cannot become ${formatShape(shape)}: only dimensions of size 1 are repeated; use ` +
        "repeat to copy",
      { from: x.shape, to: shape },
    );
  }
  return expand(reshapeTo(x, own), target);
}

/** The tensor copied `times` along each axis. @throws ShapeError. */
export function repeat(x: Node, times: readonly number[]): Node {
  if (!Array.isArray(times)) {
    throw new ArgumentError(`repeat: counts are a list such as [2, 1]; got ${String(times)}`, { times });
  }
  const missing = times.length - x.shape.length;
  if (missing < 0 || times.some((t) => !Number.isInteger(t) || t < 0)) {
    throw new ShapeError(
      `repeat: ${formatShape(times)} needs one count of 0 or more for each of the ${x.shape.length} dimensions of ` +
        formatShape(x.shape),
      { times, shape: x.shape },
    );
  }
  const own = [...new Array<number>(missing).fill(1), ...x.shape];
  const open = own.flatMap((s) => [1, s]);
  const wide = own.flatMap((s, d) => [times[d] as number, s]);
  return reshapeTo(
    expand(reshapeTo(x, open), wide),
    own.map((s, d) => s * (times[d] as number)),
  );
}

/** Axes startDim..endDim as one. @throws ShapeError. */
export function flatten(x: Node, startDim = 0, endDim = -1, name = "flatten"): Node {
  const ndim = x.shape.length;
  if (ndim === 0) return reshapeTo(x, [1]);
  const [a, b] = [normalizeDim(startDim, ndim, name), normalizeDim(endDim, ndim, name)];
  if (a > b)
    throw new ShapeError(`${name}: startDim ${startDim} comes after endDim ${endDim}`, { startDim, endDim });
  return reshapeTo(x, [...x.shape.slice(0, a), sizeOf(x.shape.slice(a, b + 1)), ...x.shape.slice(b + 1)]);
}

/** One axis as several; one of the sizes may be -1. @throws ShapeError. */
export function unflatten(x: Node, dim: number, sizes: Shape, name = "unflatten"): Node {
  const d = normalizeDim(dim, x.shape.length, name);
  const split = resolveReshape([x.shape[d] as number], sizes, name);
  return reshapeTo(x, [...x.shape.slice(0, d), ...split, ...x.shape.slice(d + 1)]);
}

/** The axis that is cut. @throws ShapeError for one out of range, and for a scalar, which has none. */
export function axisToCut(shape: Shape, dim: number, operation: string): number {
  if (shape.length > 0) return normalizeDim(dim, shape.length, operation);
  throw new ShapeError(`${operation}: a scalar has no dimension ${dim}; make one with unsqueeze(0)`, {
    dim,
    shape,
  });
}

/** `length` elements of an axis from `start` on. @throws ShapeError. */
export function narrow(x: Node, dim: number, start: number, length: number): Node {
  const d = axisToCut(x.shape, dim, "narrow");
  const size = x.shape[d] as number;
  const from = start < 0 ? start + size : start;
  const whole = Number.isInteger(from) && Number.isInteger(length);
  if (!whole || from < 0 || length < 0 || from + length > size) {
    throw new ShapeError(
      `narrow: elements ${start} to ${start + length} (exclusive) are not in dimension ${dim} of size ${size}`,
      { dim, start, length, shape: x.shape },
    );
  }
  return cut(x, d, from, length, 1);
}

/** Element `index` of an axis, which goes. @throws ShapeError. */
export function select(x: Node, dim: number, index: number): Node {
  const d = axisToCut(x.shape, dim, "select");
  const size = x.shape[d] as number;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new ShapeError(`select: index ${index} is out of range for dimension ${dim} of size ${size}`, {
      dim,
      index,
      shape: x.shape,
    });
  }
  const one = cut(x, d, index < 0 ? index + size : index, 1, 1);
  return reshapeTo(
    one,
    x.shape.filter((_, axis) => axis !== d),
  );
}

/** Elements start, start + step, ... before end, as Python's slices: negative ends count from the back. */
export function sliceAlong(x: Node, dim: number, start: number | null, end: number | null, step = 1): Node {
  const d = axisToCut(x.shape, dim, "slice");
  for (const bound of [start, end]) {
    if (bound === null || Number.isInteger(bound)) continue;
    throw new ArgumentError(`slice: start and end must be integers or null, got ${bound}`, { start, end });
  }
  if (!Number.isInteger(step) || step < 1) {
    throw new ArgumentError(
      `slice: step must be an integer of 1 or more, got ${step}; use flip to go backwards`,
      { step },
    );
  }
  const size = x.shape[d] as number;
  const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + size : v, 0), size);
  const from = clip(start ?? 0);
  const to = clip(end ?? size);
  return cut(x, d, from, Math.max(0, Math.ceil((to - from) / step)), step);
}

/** Elements from, from + step, ... of axis d, `length` of them. */
export function cut(x: Node, d: number, from: number, length: number, step: number): Node {
  return slice(
    x,
    x.shape.map((_, axis) => (axis === d ? from : 0)),
    x.shape.map((s, axis) => (axis === d ? length : s)),
    x.shape.map((_, axis) => (axis === d ? step : 1)),
  );
}

/** Axes reversed. */
export function flip(x: Node, dims: readonly number[]): Node {
  const axes = normalizeDims(dims, x.shape.length, "flip");
  return flipAxes(x, axes);
}

/** Elements moved along axes, those that fall out coming in again at the other end. */
export function roll(x: Node, shifts: number | readonly number[], dims?: number | readonly number[]): Node {
  if (dims === undefined) return reshapeTo(roll(reshapeTo(x, [sizeOf(x.shape)]), shifts, 0), x.shape);
  const by = typeof shifts === "number" ? [shifts] : shifts;
  const along = typeof dims === "number" ? [dims] : dims;
  if (by.length !== along.length) {
    throw new ArgumentError(`roll: ${by.length} shifts for ${along.length} dims; give one each`, {
      shifts,
      dims,
    });
  }
  return by.reduce((y, shift, i) => {
    const d = normalizeDim(along[i] as number, x.shape.length, "roll");
    const size = x.shape[d] as number;
    const s = size === 0 ? 0 : ((shift % size) + size) % size;
    if (s === 0) return y;
    return concatenate([cut(y, d, size - s, s, 1), cut(y, d, 0, size - s, 1)], d);
  }, x);
}

/** Tensors of one type joined along an axis; all other sizes are equal (checked by the caller). */
export function concatenate(parts: readonly Node[], d: number): Node {
  const total = parts.reduce((n, p) => n + (p.shape[d] as number), 0);
  const full = parts.filter((p) => sizeOf(p.shape) > 0);
  let at = 0;
  let sum: Node | null = null;
  for (const p of full) {
    const size = p.shape[d] as number;
    const before = p.shape.map((_, axis) => (axis === d ? at : 0));
    const after = p.shape.map((_, axis) => (axis === d ? total - at - size : 0));
    const placed = pad(p, before, after, 0);
    // Padding with zeros and adding (or or-ing) is a view for the schedule: one kernel writes all parts.
    sum = sum === null ? placed : binary(p.dtype === "bool" ? "or" : "add", sum, placed);
    at += size;
  }
  if (sum !== null) return sum;
  // Nothing but shapes to join.
  const [{ shape, dtype }] = parts as [Node];
  return constant(
    0,
    shape.map((s, axis) => (axis === d ? total : s)),
    dtype,
  );
}
