/**
 * A few operations on plain lists of numbers, written to be obviously right: what random chains of operations are
 * compared with. Every view is "for each place of the result, which place of the operand".
 */
import { contiguousStrides, type Shape, sizeOf } from "../../src/base/shape.ts";

export interface Plain {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** Calls `at` with the coordinates of every element, in row-major order. */
export function fromCoordinates(shape: Shape, at: (index: readonly number[]) => number): Plain {
  const strides = contiguousStrides(shape);
  const data = Array.from({ length: sizeOf(shape) }, (_, i) =>
    at(shape.map((size, d) => Math.floor(i / (strides[d] as number)) % size)),
  );
  return { shape, data };
}

/** The element at coordinates, or `outside` where one is out of range. */
export function read(x: Plain, index: readonly number[], outside = 0): number {
  if (index.some((v, d) => !Number.isInteger(v) || v < 0 || v >= (x.shape[d] as number))) return outside;
  const strides = contiguousStrides(x.shape);
  return x.data[index.reduce((sum, v, d) => sum + v * (strides[d] as number), 0)] as number;
}

export function reshape(x: Plain, shape: Shape): Plain {
  return { shape, data: x.data };
}

export function permute(x: Plain, axes: readonly number[]): Plain {
  const shape = axes.map((a) => x.shape[a] as number);
  return fromCoordinates(shape, (i) =>
    read(
      x,
      x.shape.map((_, d) => i[axes.indexOf(d)] as number),
    ),
  );
}

export function expand(x: Plain, shape: Shape): Plain {
  return fromCoordinates(shape, (i) =>
    read(
      x,
      i.map((v, d) => (x.shape[d] === 1 ? 0 : v)),
    ),
  );
}

export function pad(x: Plain, before: readonly number[], after: readonly number[], value: number): Plain {
  const shape = x.shape.map((s, d) => s + (before[d] as number) + (after[d] as number));
  return fromCoordinates(shape, (i) =>
    read(
      x,
      i.map((v, d) => v - (before[d] as number)),
      value,
    ),
  );
}

export function slice(x: Plain, start: readonly number[], shape: Shape, step: readonly number[]): Plain {
  return fromCoordinates(shape, (i) =>
    read(
      x,
      i.map((v, d) => (start[d] as number) + v * (step[d] as number)),
    ),
  );
}

export function flip(x: Plain, axes: readonly number[]): Plain {
  return fromCoordinates(x.shape, (i) =>
    read(
      x,
      i.map((v, d) => (axes.includes(d) ? (x.shape[d] as number) - 1 - v : v)),
    ),
  );
}

export function window(x: Plain, axis: number, size: number, stride: number, dilation: number): Plain {
  const count = Math.floor(((x.shape[axis] as number) - dilation * (size - 1) - 1) / stride) + 1;
  const shape = [...x.shape.slice(0, axis), count, size, ...x.shape.slice(axis + 1)];
  return fromCoordinates(shape, (i) => {
    const [p, k] = [i[axis] as number, i[axis + 1] as number];
    return read(x, [...i.slice(0, axis), p * stride + k * dilation, ...i.slice(axis + 2)]);
  });
}

export function unwindow(x: Plain, axis: number, length: number, stride: number, dilation: number): Plain {
  const shape = x.shape.map((s, d) => (d === axis ? length : s));
  return fromCoordinates(shape, (i) => {
    const p = ((i[axis] as number) - (i[axis + 1] as number) * dilation) / stride;
    return read(
      x,
      i.map((v, d) => (d === axis ? p : v)),
    );
  });
}

/** Combines over axes, which stay with size 1. */
export function reduce(x: Plain, axes: readonly number[], combine: (a: number, b: number) => number): Plain {
  const shape = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  const inner = x.shape.map((s, d) => (axes.includes(d) ? s : 1));
  return fromCoordinates(shape, (i) =>
    fromCoordinates(inner, (j) =>
      read(
        x,
        i.map((v, d) => v + (j[d] as number)),
      ),
    ).data.reduce(combine),
  );
}

/** Position of the first largest element over axes, counted in row-major order of them. */
export function argmax(x: Plain, axes: readonly number[]): Plain {
  const shape = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  const inner = x.shape.map((s, d) => (axes.includes(d) ? s : 1));
  return fromCoordinates(shape, (i) => {
    const all = fromCoordinates(inner, (j) =>
      read(
        x,
        i.map((v, d) => v + (j[d] as number)),
      ),
    ).data;
    return all.indexOf(Math.max(...all));
  });
}

export function map(x: Plain, fn: (v: number) => number): Plain {
  return { shape: x.shape, data: x.data.map(fn) };
}

export function zip(a: Plain, b: Plain, fn: (x: number, y: number) => number): Plain {
  return { shape: a.shape, data: a.data.map((v, i) => fn(v, b.data[i] as number)) };
}

/** x times a matrix along the last axis: (*, K), (K, M) -> (*, M). */
export function times(x: Plain, matrix: Plain): Plain {
  const [k, m] = matrix.shape as [number, number];
  return fromCoordinates([...x.shape.slice(0, -1), m], (i) => {
    let sum = 0;
    for (let j = 0; j < k; j++)
      sum += read(x, [...i.slice(0, -1), j]) * read(matrix, [j, i[i.length - 1] as number]);
    return sum;
  });
}
