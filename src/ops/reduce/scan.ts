/**
 * Running sums and products of rows, of blocks that are combined: a scan without any step that waits for the one
 * before.
 */
import {
  binary,
  compare,
  constant,
  expand,
  iota,
  pad,
  reduce,
  reshape,
  slice,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** What is combined, the operation of two, and the element that changes nothing. */
const combinations = { sum: { fn: "add", neutral: 0 }, prod: { fn: "mul", neutral: 1 } } as const;

/** Elements that are combined one by one; longer rows are cut into blocks of this many. */
const blockSize = 32;

/** y[i] = x[0] + ... + x[i] (or their product) in each row: inside blocks, combined with all blocks before. */
export function scanRows(x: Node, kind: "sum" | "prod"): Node {
  const [rows, length] = x.shape as [number, number];
  if (length <= blockSize) return scanInside(x, kind);
  const { fn, neutral } = combinations[kind];
  const blocks = Math.ceil(length / blockSize);
  const padded = pad(x, [0, 0], [0, blocks * blockSize - length], neutral);
  const inside = scanInside(reshape(padded, [rows * blocks, blockSize]), kind);
  const totals = reshape(slice(inside, [0, blockSize - 1], [rows * blocks, 1]), [rows, blocks]);
  const upTo = scanRows(slice(totals, [0, 0], [rows, blocks - 1]), kind);
  const before = reshape(pad(upTo, [0, 1], [0, 0], neutral), [rows * blocks, 1]);
  const whole = binary(fn, inside, expand(before, inside.shape));
  return slice(reshape(whole, padded.shape), [0, 0], x.shape);
}

/**
 * The scan of short rows. Later elements are left out rather than combined with 0, so that an infinity or NaN reaches
 * only what comes after it.
 */
function scanInside(x: Node, kind: "sum" | "prod"): Node {
  const [rows, n] = x.shape as [number, number];
  const square = [rows, n, n];
  // Results come first: the loops then have them innermost, and each element is read once for a vector of them.
  const isLater = compare("lt", along(n, 1, square), along(n, 2, square));
  const each = expand(reshape(x, [rows, 1, n]), square);
  const neutral = constant(combinations[kind].neutral, square, x.dtype);
  return reshape(reduce(kind, where(isLater, neutral, each), [2]), x.shape);
}

function along(n: number, axis: 1 | 2, shape: readonly number[]): Node {
  return expand(reshape(iota(n), axis === 1 ? [1, n, 1] : [1, 1, n]), shape);
}
