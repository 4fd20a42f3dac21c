/**
 * Sorting along an axis. Short rows are sorted by counting, for each element, how many come before it: n * n
 * comparisons without any dependence between them. Longer rows are cut into such blocks, which are merged in pairs.
 */
import { isFloat } from "../../base/dtype.ts";
import { normalizeDim, sizeOf } from "../../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  detach,
  expand,
  gather,
  iota,
  pad,
  reduce,
  reshape,
  scatterAdd,
  slice,
  unary,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { asRows, fromRows } from "../view/rows.ts";

export interface SortOptions {
  /** Axis to sort along; the last by default. */
  readonly dim?: number | undefined;
  /** Largest first; false by default. */
  readonly descending?: boolean | undefined;
}

/**
 * Elements in ascending order along an axis, and where they were (int32). Equal elements keep their order; NaN counts
 * as greater than all numbers. The gradient goes back to where the elements were.
 *
 * @throws ShapeError for an axis that is out of range
 */
export function sort(x: Node, options: SortOptions = {}): { values: Node; indices: Node } {
  const axis = normalizeDim(options.dim ?? -1, x.shape.length, "sort");
  const indices = argsort(x, options);
  if (x.shape.length === 0 || sizeOf(x.shape) === 0) return { values: x, indices };
  return { values: gather(x, indices, axis), indices };
}

/** Positions of the elements in ascending order along an axis, int32; as the indices of `sort`. @throws ShapeError. */
export function argsort(x: Node, options: SortOptions = {}): Node {
  const axis = normalizeDim(options.dim ?? -1, x.shape.length, "sort");
  if (sizeOf(x.shape) <= 1) return constant(0, x.shape, "int32");
  const keys = isFloat(x.dtype) ? detach(x) : cast(x, "int32");
  return fromRows(orderOfRows(asRows(keys, axis), options.descending === true), x.shape, axis);
}

/** Rows up to this length are sorted by counting alone; longer ones are cut into blocks of at most this length. */
const blockLength = 64;

/** Positions of each row's elements in sorted order: (rows, length) -> (rows, length). */
function orderOfRows(keys: Node, descending: boolean): Node {
  const [rows, length] = keys.shape as [number, number];
  if (length <= blockLength) return orderByCounting(keys, descending);
  const levels = Math.ceil(Math.log2(length / blockLength));
  const block = Math.ceil(length / 2 ** levels);
  const runs = 2 ** levels;
  const padded = pad(keys, [0, 0], [0, block * runs - length], lastKey(keys, descending));
  const blocks = reshape(padded, [rows * runs, block]);
  const order = orderByCounting(blocks, descending);
  const starts = binary("mul", iota(runs), constant(block, [runs], "int32"));
  const offsets = reshape(expand(reshape(starts, [1, runs]), [rows, runs]), [rows * runs, 1]);
  let sorted: Runs = {
    keys: gather(blocks, order, 1),
    positions: binary("add", order, expand(offsets, order.shape)),
  };
  for (let level = 0; level < levels; level++) sorted = mergePairs(sorted, descending);
  return slice(sorted.positions, [0, 0], [rows, length]);
}

/** What padding is made of: it comes last, since it also stands last among equals. */
function lastKey({ dtype }: Node, descending: boolean): number {
  if (isFloat(dtype)) return descending ? Number.NEGATIVE_INFINITY : Number.NaN;
  return descending ? -(2 ** 31) : 2 ** 31 - 1;
}

/** Whether a key may stand before another one: it is smaller (or greater, descending) or equal; NaN is greatest. */
function mayPrecede(a: Node, b: Node, descending: boolean): Node {
  const inOrder = descending ? compare("le", b, a) : compare("le", a, b);
  if (!isFloat(a.dtype)) return inOrder;
  const greatest = descending ? a : b;
  return binary("or", inOrder, compare("ne", greatest, greatest));
}

/** Sorts rows of n elements with n * n comparisons each. */
function orderByCounting(keys: Node, descending: boolean): Node {
  const [rows, n] = keys.shape as [number, number];
  const square = [rows, n, n];
  const own = expand(reshape(keys, [rows, n, 1]), square);
  const other = expand(reshape(keys, [rows, 1, n]), square);
  const isEarlier = compare(
    "lt",
    expand(reshape(iota(n), [1, 1, n]), square),
    expand(reshape(iota(n), [1, n, 1]), square),
  );
  const stands = where(
    isEarlier,
    mayPrecede(other, own, descending),
    unary("not", mayPrecede(own, other, descending)),
  );
  const rank = reshape(reduce("sum", cast(stands, "int32"), [2]), [rows, n]);
  // The element of rank r is the r-th: the ranks of a row are a permutation, and this is its inverse.
  const own1 = expand(reshape(iota(n), [1, n]), [rows, n]);
  return scatterAdd(constant(0, [rows, n], "int32"), rank, own1, 1);
}

/** Sorted rows, and the position that each element had in the whole row. */
interface Runs {
  readonly keys: Node;
  readonly positions: Node;
}

/** Probes of a search step: each makes the range that is left this many times smaller, plus one. */
const probes = 3;

/** Merges rows 0 and 1, 2 and 3, ...: (rows, length) -> (rows / 2, 2 * length). */
function mergePairs({ keys, positions }: Runs, descending: boolean): Runs {
  const [runs, length] = keys.shape as [number, number];
  const shape = [runs / 2, 2 * length];
  const both = reshape(keys, shape);
  const place = placeInPair(both, length, descending);
  const from = reshape(positions, shape);
  const at = expand(reshape(iota(2 * length), [1, 2 * length]), shape);
  const origin = scatterAdd(constant(0, shape, "int32"), place, at, 1);
  return { keys: gather(both, origin, 1), positions: gather(from, origin, 1) };
}

/**
 * Where each element of two sorted runs, side by side in one row, stands in their union: its place in its own run,
 * plus the elements of the other run before it. Those are found by a search with several probes per step.
 */
function placeInPair(both: Node, length: number, descending: boolean): Node {
  const { shape } = both;
  const int = (v: number): Node => constant(v, shape, "int32");
  const at = expand(reshape(iota(2 * length), [1, 2 * length]), shape);
  const isFirst = compare("lt", at, int(length));
  const otherStart = where(isFirst, int(length), int(0));
  // `found` elements of the other run are known to come before; at most `open` more may.
  let found = int(0);
  let open = length;
  while (open > 0) {
    const stride = Math.ceil((open + 1) / (probes + 1));
    const from = found;
    for (let probe = 1; probe <= probes && probe * stride <= open; probe++) {
      // The element that the run needs to have before this one, for `probe * stride` more to be before it.
      const which = binary("add", from, int(probe * stride - 1));
      const other = gather(both, binary("add", otherStart, which), 1);
      // Equal elements of the first run come first.
      const before = where(
        isFirst,
        unary("not", mayPrecede(both, other, descending)),
        mayPrecede(other, both, descending),
      );
      const inside = compare("lt", which, int(length));
      const step = cast(binary("and", before, inside), "int32");
      found = binary("add", found, binary("mul", step, int(stride)));
    }
    open = stride - 1;
  }
  const own = where(isFirst, at, binary("sub", at, int(length)));
  return binary("add", own, found);
}
