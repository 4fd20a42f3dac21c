/**
 * Picking elements by position, and cutting an axis into pieces.
 */
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, normalizeDim, type Shape } from "../../base/shape.ts";
import { cast, expand, gather, reshape, scatterAdd, slice } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { axisToCut } from "./shape-ops.ts";

/** The index as int32. @throws DTypeError for floats and bool. */
export function indices(index: Node, name: string): Node {
  if (isFloat(index.dtype) || index.dtype === "bool") {
    throw new DTypeError(`${name}: the index must be int32, got ${index.dtype}; convert with .to("int32")`, {
      dtype: index.dtype,
    });
  }
  return cast(index, "int32");
}

/** Checks index values that the host already knows. @throws ArgumentError naming the first one out of range. */
export function checkRange(index: Node, size: number, name: string): void {
  const data = index.value?.kind === "host" ? index.value.data : null;
  if (data === null) return;
  for (let i = 0; i < data.length; i++) {
    const v = data[i] as number;
    if (v < 0 || v >= size) {
      throw new ArgumentError(`${name}: index ${v} at position ${i} is out of range; use 0 to ${size - 1}`, {
        index: v,
        size,
      });
    }
  }
}

/** Cuts x to the index's size along every other axis, as PyTorch allows. @throws ShapeError. */
function aligned(x: Node, index: Node, axis: number, name: string): Node {
  const fits = index.shape.length === x.shape.length;
  if (!fits || index.shape.some((s, d) => d !== axis && s > (x.shape[d] as number))) {
    throw new ShapeError(
      `${name}: index ${formatShape(index.shape)} does not fit ${formatShape(x.shape)}: both need as many dimensions, and ` +
        `the index must not be larger except along dimension ${axis}`,
      { index: index.shape, input: x.shape },
    );
  }
  const shape = x.shape.map((s, d) => (d === axis ? s : (index.shape[d] as number)));
  return slice(
    x,
    x.shape.map(() => 0),
    shape,
  );
}

/** result[.., j, ..] = x[.., index[.., j, ..], ..]. The index has as many dimensions as x. @throws ShapeError. */
export function gatherAlong(x: Node, dim: number, index: Node): Node {
  const axis = normalizeDim(dim, x.shape.length, "gather");
  checkRange(index, x.shape[axis] as number, "gather");
  return gather(aligned(x, index, axis, "gather"), indices(index, "gather"), axis);
}

/** Slices of x at the listed positions of one axis. */
export function indexSelect(x: Node, dim: number, index: Node): Node {
  const axis = normalizeDim(dim, x.shape.length, "indexSelect");
  if (index.shape.length !== 1) {
    throw new ShapeError(`indexSelect: the index needs 1 dimension, got ${formatShape(index.shape)}`, {
      index: index.shape,
    });
  }
  checkRange(index, x.shape[axis] as number, "indexSelect");
  const count = index.shape[0] as number;
  const line = x.shape.map((_, d) => (d === axis ? count : 1));
  const full = x.shape.map((s, d) => (d === axis ? count : s));
  return gather(x, expand(reshape(indices(index, "indexSelect"), line), full), axis);
}

/** x with values added at positions along one axis. */
export function scatterAddAlong(x: Node, dim: number, index: Node, source: Node): Node {
  const axis = normalizeDim(dim, x.shape.length, "scatterAdd");
  checkRange(index, x.shape[axis] as number, "scatterAdd");
  if (x.dtype !== source.dtype) {
    throw new DTypeError(
      `scatterAdd: the source is ${source.dtype}, the tensor ${x.dtype}; convert with .to()`,
      {
        source: source.dtype,
        tensor: x.dtype,
      },
    );
  }
  accept(x, "number", "scatterAdd");
  checkScatter(x, index, source, axis, "scatterAdd");
  const values = slice(
    source,
    source.shape.map(() => 0),
    index.shape,
  );
  return scatterAdd(x, indices(index, "scatterAdd"), values, axis);
}

/** @throws ShapeError unless an index fits a tensor that is written to and the source that is read. */
export function checkScatter(x: Node, index: Node, source: Node, axis: number, name: string): void {
  const ndim = x.shape.length;
  const larger = (d: number): boolean => {
    const size = index.shape[d] as number;
    return size > (source.shape[d] as number) || (d !== axis && size > (x.shape[d] as number));
  };
  if (index.shape.length === ndim && source.shape.length === ndim && !index.shape.some((_, d) => larger(d)))
    return;
  throw new ShapeError(
    `${name}: index ${formatShape(index.shape)} does not fit tensor ${formatShape(x.shape)} and source ` +
      `${formatShape(source.shape)}: all need as many dimensions, and the index must not be larger than the source, ` +
      `nor than the tensor except along dimension ${axis}`,
    { index: index.shape, tensor: x.shape, source: source.shape },
  );
}

/** [start, length] of the pieces of an axis: all of one size but the last, or of the listed sizes. */
export function splitSizes(shape: Shape, size: number | readonly number[], dim: number): [number, number][] {
  const length = shape[axisToCut(shape, dim, "split")] as number;
  if (typeof size === "number") {
    if (!Number.isInteger(size) || size < 1) {
      throw new ArgumentError(`split: the size of a piece must be an integer of 1 or more, got ${size}`, {
        size,
      });
    }
    return Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => [
      i * size,
      Math.min(size, length - i * size),
    ]);
  }
  if (size.some((s) => !Number.isInteger(s) || s < 0)) {
    throw new ArgumentError(`split: sizes must be integers of 0 or more, got ${formatShape(size)}`, { size });
  }
  const total = size.reduce((a, b) => a + b, 0);
  if (total !== length) {
    throw new ArgumentError(
      `split: sizes ${formatShape(size)} add up to ${total}, the dimension has ${length}`,
      {
        size,
        length,
      },
    );
  }
  let start = 0;
  return size.map((s) => {
    start += s;
    return [start - s, s];
  });
}

/** Size of a piece when an axis is cut into at most `chunks`; an axis without elements makes that many empty ones. */
export function chunkSize(shape: Shape, chunks: number, dim: number): number | readonly number[] {
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new ArgumentError(`chunk: the number of chunks must be an integer of 1 or more, got ${chunks}`, {
      chunks,
    });
  }
  const length = shape[axisToCut(shape, dim, "chunk")] as number;
  return length === 0 ? new Array<number>(chunks).fill(0) : Math.ceil(length / chunks);
}
