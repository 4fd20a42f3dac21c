import { isFloat } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { formatShape, normalizeDim, sizeOf } from "../../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  detach,
  expand,
  gather,
  iota,
  reduce,
  reshape,
  unary,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { asRows, fromRows } from "../view/rows.ts";
import { concatenate, cut } from "../view/shape-ops.ts";
import { argsort } from "./sort.ts";

export interface TopkOptions {
  /** Axis to choose along; the last by default. */
  readonly dim?: number | undefined;
  /** The largest elements; true by default. */
  readonly largest?: boolean | undefined;
  /** Whether the order must be by size, true by default. It always is; PyTorch's code may say that it need not be. */
  readonly sorted?: boolean | undefined;
}

/** Up to this many elements are found one after the other, each with a pass over the row. */
const mostPasses = 16;

/**
 * The k largest (or smallest) elements along an axis, best first, and where they were (int32). Of equal elements the
 * first ones are taken; NaN counts as greater than all numbers. The gradient goes back to where the elements were.
 *
 * @throws ArgumentError when the axis has fewer than k elements, ShapeError for an axis that is out of range
 */
export function topk(x: Node, k: number, options: TopkOptions = {}): { values: Node; indices: Node } {
  const axis = normalizeDim(options.dim ?? -1, x.shape.length, "topk");
  const length = x.shape[axis] ?? 1;
  if (!Number.isInteger(k) || k < 0 || k > length) {
    throw new ArgumentError(
      `topk: k must be an integer from 0 to ${length}, the size of dimension ${axis} of shape ${formatShape(x.shape)}; ` +
        `got ${k}`,
      { k, dim: axis, shape: x.shape },
    );
  }
  if (x.shape.length === 0) return { values: x, indices: constant(0, k === 0 ? [0] : [], "int32") };
  const shape = x.shape.map((s, d) => (d === axis ? k : s));
  if (sizeOf(shape) === 0)
    return { values: constant(0, shape, x.dtype), indices: constant(0, shape, "int32") };
  const largest = options.largest !== false;
  // A sort by counting compares each element with all others, or merges in many steps.
  const few = k <= mostPasses && 8 * k <= length;
  const indices = few
    ? fromRows(bestOnes(asRows(detach(x), axis), k, largest), x.shape, axis)
    : cut(argsort(x, { dim: axis, descending: largest }), axis, 0, k, 1);
  return { values: gather(x, indices, axis), indices };
}

/** Positions of the k best elements of each row, best first: (rows, length) -> (rows, k). */
function bestOnes(x: Node, k: number, largest: boolean): Node {
  const n = x.shape[1] as number;
  const keys = isFloat(x.dtype) ? x : cast(x, "float64");
  const { shape, dtype } = keys;
  const at = expand(reshape(iota(n), [1, n]), shape);
  const isNumber = compare("eq", keys, keys);
  const worst = constant(largest ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, shape, dtype);
  let taken: Node = constant(0, shape, "bool");
  const found: Node[] = [];
  for (let i = 0; i < k; i++) {
    // NaN is the greatest: best where the largest are asked for, worse than the worst number otherwise.
    const open = largest ? taken : binary("or", taken, unary("not", isNumber));
    const candidates = where(open, worst, keys);
    const best = reduce(largest ? "argmax" : "argmin", candidates, [1]);
    // Only infinities (or NaN) are left where the best is no better than the stand-in for what is taken.
    const rank = where(
      taken,
      constant(0, shape, "int32"),
      binary("add", cast(isNumber, "int32"), constant(1, shape, "int32")),
    );
    const rest = reduce("argmax", rank, [1]);
    const value = gather(candidates, best, 1);
    const position = where(compare("eq", value, cut(worst, 1, 0, 1, 1)), rest, best);
    found.push(position);
    taken = binary("or", taken, compare("eq", at, expand(position, shape)));
  }
  return concatenate(found, 1);
}
