/**
 * The micro-kernel of a contraction: a tile of rows x vectors of accumulators that stays in registers while the
 * summed loops run. Per step it reads one element of each row operand row, repeats it over a vector, and multiplies
 * it with the vectors of the column operand; or vectors of both, where both have the columns.
 */

import type { DType } from "../../base/dtype.ts";
import { add, binary, constant, fma, int, load, mul, set, splat, store, use } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import { valueTypeOf } from "../../kernel/ir.ts";
import type { Clip } from "./contraction-clip.ts";
import type { Emitter } from "./emitter.ts";

/** One summed loop with the distance that a step covers in both operands. */
export interface SummedLoop {
  readonly size: number;
  readonly rowStride: number;
  readonly columnStride: number;
  /** The steps that meet no padding, as far as `scale` steps of this loop are one of the summed dimension. */
  readonly clip?: Clip & { readonly scale: number };
  /** Bounds known only at run time, for a loop that is cut into blocks. */
  readonly bounds?: { readonly start: Expr; readonly end: Expr };
  /**
   * Kernel buffer of int32 offsets of the row operand, one per step, in place of `rowStride`: several short loops
   * walked as one long loop. Only for the innermost loop.
   */
  readonly rowTable?: number;
  /** The largest offset in the table; none where some are negative. */
  readonly farthest?: number;
}

export interface Tile {
  readonly dtype: DType;
  readonly lanes: number;
  readonly vectors: number;
  /** Columns that are elements, where they do not fill the last vector and nothing may be read behind them. */
  readonly columns?: number;
  /** The same of the rows, where they are vectors; null where they are single elements. */
  readonly rowColumns?: number | null;
  /** Where each row is one vector, whatever the column: elements from one vector of the column operand to the next. */
  readonly apart?: number | null;
  /** Kernel buffer and element index of each row at the start of the sum: an expression plus a constant. */
  readonly rowBuffer: number;
  readonly rows: readonly { readonly base: Expr; readonly offset: number }[];
  readonly columnBuffer: number;
  readonly column: Expr;
  readonly loops: readonly SummedLoop[];
  /**
   * Whether a short innermost loop may be written out. V8 moves the loads of all its steps before the multiply-adds and
   * spills: the first convolution of LeNet-5 took a third longer.
   */
  readonly writesOut: boolean;
}

/** An innermost loop up to this long is written out whole, where there are registers enough. */
const shortLoop = 8;

/** Adds the tile's products to accumulators, given as [row][vector]. */
export function emitTile(emitter: Emitter, tile: Tile, accumulators: readonly (readonly Local[])[]): void {
  emitLoops(emitter, tile, accumulators, 0, int(0), int(0));
}

/** Fresh accumulators, zero or as `initial` gives them. */
export function makeAccumulators(
  emitter: Emitter,
  rows: number,
  tile: Pick<Tile, "vectors" | "lanes" | "dtype">,
  initial?: (row: number, vector: number) => Expr,
): Local[][] {
  const type = valueTypeOf(tile.dtype);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: tile.vectors }, (_, v) => {
      const local = emitter.locals.variable(`c${i}_${v}`, type, tile.lanes);
      emitter.push({ kind: "let", local, value: initial?.(i, v) ?? constant(0, type, tile.lanes) });
      return local;
    }),
  );
}

/** Adds a tile's accumulators to sums in memory. */
export function addTo(
  emitter: Emitter,
  buffer: number,
  { lanes, dtype }: Pick<Tile, "lanes" | "dtype">,
  place: (row: number, vector: number) => Expr,
  accumulators: readonly (readonly Local[])[],
): void {
  accumulators.forEach((list, i) => {
    list.forEach((c, v) => {
      const at = keep(emitter, "s", place(i, v));
      emitter.push(store(buffer, at, binary("add", load(buffer, dtype, at, lanes), use(c))));
    });
  });
}

function emitLoops(
  emitter: Emitter,
  tile: Tile,
  accumulators: readonly (readonly Local[])[],
  depth: number,
  rowAt: Expr,
  columnAt: Expr,
): void {
  const loop = tile.loops[depth];
  if (loop === undefined) {
    emitStep(emitter, tile, accumulators, rowAt, columnAt, 0, { size: 1, rowStride: 0, columnStride: 0 });
    return;
  }
  const start = loop.bounds?.start ?? int(0);
  const end = loop.bounds?.end ?? int(loop.size);
  const moved = (at: Expr, k: Local, stride: number): Expr => add(at, mul(use(k), int(stride)));
  if (depth < tile.loops.length - 1) {
    emitter.loop(`k${depth}`, start, end, 1, (k) => {
      const row = keep(emitter, "ra", moved(rowAt, k, loop.rowStride));
      const column = keep(emitter, "ca", moved(columnAt, k, loop.columnStride));
      emitLoops(emitter, tile, accumulators, depth + 1, row, column);
    });
    return;
  }
  if (tile.writesOut && loop.bounds === undefined && loop.size <= shortLoop) {
    for (let u = 0; u < loop.size; u++) emitStep(emitter, tile, accumulators, rowAt, columnAt, u, loop);
    return;
  }
  // One step per iteration: engines unroll this loop better than we could, and spill when we do.
  const { rowTable } = loop;
  emitter.loop("k", start, end, 1, (k) => {
    const row =
      rowTable === undefined
        ? keep(emitter, "ra", moved(rowAt, k, loop.rowStride))
        : emitter.define("ra", add(rowAt, offsetAt(rowTable, k, loop.farthest)));
    const column = keep(emitter, "ca", moved(columnAt, k, loop.columnStride));
    emitStep(emitter, tile, accumulators, row, column, 0, loop);
  });
}

/**
 * An entry of a table of offsets. The mask changes none, but says that they are not negative: only then may the distances
 * between rows become constants of the addresses, where each address would be computed anew.
 */
function offsetAt(table: number, k: Local, farthest: number | undefined): Expr {
  const offset = load(table, "int32", use(k));
  if (farthest === undefined) return offset;
  return binary("and", offset, int(2 ** Math.ceil(Math.log2(farthest + 1)) - 1));
}

function keep(emitter: Emitter, name: string, e: Expr): Expr {
  return e.kind === "const" || e.kind === "local" ? e : emitter.define(name, e);
}

function emitStep(
  emitter: Emitter,
  tile: Tile,
  accumulators: readonly (readonly Local[])[],
  rowAt: Expr,
  columnAt: Expr,
  u: number,
  loop: SummedLoop,
): void {
  const column = add(tile.column, columnAt);
  const { lanes, dtype, rowColumns = null, apart = null } = tile;
  const vectorAt = (buffer: number, at: Expr, step: number, v: number, columns: number | null): Expr => {
    const left = columns === null ? lanes : columns - v * lanes;
    return load(buffer, dtype, add(at, int(step)), lanes, left < lanes ? left : undefined);
  };
  const vectors = Array.from({ length: tile.vectors }, (_, v) => {
    const step = u * loop.columnStride + v * (apart ?? lanes);
    return emitter.define("b", vectorAt(tile.columnBuffer, column, step, v, tile.columns ?? null));
  });
  tile.rows.forEach((row, i) => {
    const at = add(row.base, rowAt);
    const step = row.offset + u * loop.rowStride;
    const repeated = (): Expr => splat(load(tile.rowBuffer, dtype, add(at, int(step))), lanes);
    const vector = (v: number): Expr => vectorAt(tile.rowBuffer, at, step + v * lanes, v, rowColumns);
    const one = apart !== null ? vector(0) : rowColumns === null ? repeated() : null;
    const shared = one === null ? null : emitter.define("a", one);
    vectors.forEach((b, v) => {
      const a = shared ?? emitter.define("a", vector(v));
      const c = accumulators[i]?.[v] as Local;
      emitter.push(set(c, fma(a, b, use(c))));
    });
  });
}
