/**
 * Views that share memory with their base: how to find the view's value in the base, and how a new value of the view
 * goes back into the base.
 */
import { resolveReshape, type Shape } from "../../base/shape.ts";
import {
  constant,
  pad,
  permute as permuteAxes,
  reshape as reshapeTo,
  unwindow,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as shapes from "./shape-ops.ts";

export interface ViewPair {
  readonly take: (base: Node) => Node;
  readonly put: (base: Node, value: Node) => Node;
}

function reshape(x: Node, shape: Shape, name = "reshape"): ViewPair {
  const to = resolveReshape(x.shape, shape, name);
  return { take: (n) => reshapeTo(n, to), put: (base, value) => reshapeTo(value, base.shape) };
}

function reordered(take: (n: Node) => Node, axes: readonly number[]): ViewPair {
  const inverse = axes.map((_, d) => axes.indexOf(d));
  return { take, put: (_, value) => permuteAxes(value, inverse) };
}

function permute(x: Node, dims: readonly number[]): ViewPair {
  const ndim = x.shape.length;
  shapes.permute(x, dims);
  return reordered(
    (n) => shapes.permute(n, dims),
    dims.map((d) => (d < 0 ? d + ndim : d)),
  );
}

function transpose(x: Node, a: number, b: number): ViewPair {
  const ndim = x.shape.length;
  shapes.transpose(x, a, b);
  const i = a < 0 ? a + ndim : a;
  const j = b < 0 ? b + ndim : b;
  return reordered(
    (n) => shapes.transpose(n, a, b),
    x.shape.map((_, d) => (d === i ? j : d === j ? i : d)),
  );
}

function narrow(x: Node, dim: number, start: number, length: number): ViewPair {
  shapes.narrow(x, dim, start, length);
  const d = dim < 0 ? dim + x.shape.length : dim;
  const from = start < 0 ? start + (x.shape[d] as number) : start;
  return part(d, from, length, 1, (n) => shapes.narrow(n, dim, start, length));
}

function select(x: Node, dim: number, index: number): ViewPair {
  shapes.select(x, dim, index);
  const d = dim < 0 ? dim + x.shape.length : dim;
  const at = index < 0 ? index + (x.shape[d] as number) : index;
  const one = part(d, at, 1, 1, (n) => shapes.cut(n, d, at, 1, 1));
  return {
    take: (n) => shapes.select(n, dim, index),
    put: (base, value) => one.put(base, reshapeTo(value, one.take(base).shape)),
  };
}

function slice(x: Node, dim: number, start: number | null, end: number | null, step = 1): ViewPair {
  const taken = shapes.sliceAlong(x, dim, start, end, step);
  const d = dim < 0 ? dim + x.shape.length : dim;
  const size = x.shape[d] as number;
  const first = start ?? 0;
  const from = Math.min(Math.max(first < 0 ? first + size : first, 0), size);
  return part(d, from, taken.shape[d] as number, step, (n) => shapes.sliceAlong(n, dim, start, end, step));
}

/** Elements from, from + step, ... of one axis. */
function part(d: number, from: number, length: number, step: number, take: (n: Node) => Node): ViewPair {
  return {
    take,
    put: (base, value) => {
      if (length === 0) return base;
      const inside = constant(1, value.shape, "bool");
      return where(spreadOver(inside, base, d, from, step), spreadOver(value, base, d, from, step), base);
    },
  };
}

/** Puts elements at from, from + step, ... of an axis as long as the base's, between zeros. */
function spreadOver(value: Node, base: Node, d: number, from: number, step: number): Node {
  let wide = value;
  const count = value.shape[d] as number;
  if (step > 1 && count > 1) {
    const open = [...value.shape.slice(0, d + 1), 1, ...value.shape.slice(d + 1)];
    const spread = unwindow(reshapeTo(value, open), d, (count - 1) * step + 1, step, 1);
    wide = reshapeTo(spread, [...spread.shape.slice(0, d + 1), ...spread.shape.slice(d + 2)]);
  }
  const after = (base.shape[d] as number) - from - (wide.shape[d] as number);
  return pad(
    wide,
    base.shape.map((_, axis) => (axis === d ? from : 0)),
    base.shape.map((_, axis) => (axis === d ? after : 0)),
    0,
  );
}

/** The views of each kind; arguments as in `shape-ops.ts`. @throws ShapeError at once when they do not fit. */
export const views: {
  readonly reshape: typeof reshape;
  readonly permute: typeof permute;
  readonly transpose: typeof transpose;
  readonly narrow: typeof narrow;
  readonly select: typeof select;
  readonly slice: typeof slice;
} = { reshape, permute, transpose, narrow, select, slice };
