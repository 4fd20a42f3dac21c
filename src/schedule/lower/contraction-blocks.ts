/** Long sums, block by block. */
import { add, binary, int, mul, use } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import { ofAtom, variable } from "../index-math.ts";
import { emitInline, hold, type Problem, rowColumns, rowStarts } from "./contraction-problem.ts";
import { emitTile, type SummedLoop, type Tile } from "./contraction-tile.ts";
import type { Emitter } from "./emitter.ts";

/** A part of the sum: its loops, and how far from the start of the sum it begins in both operands. */
export interface Block {
  readonly loops: readonly SummedLoop[];
  readonly rowAt: Expr;
  readonly columnAt: Expr;
}

/** The whole sum as one block. */
export const wholeSum = ({ loops }: Pick<Problem, "loops">): Block => ({
  loops,
  rowAt: int(0),
  columnAt: int(0),
});

/** Steps of a loop, or of a part of it. */
export interface Steps {
  readonly start: Expr;
  readonly end: Expr;
  /** How many, the last part excepted. */
  readonly size: number;
}

/**
 * Loops over blocks of `most` steps of the sum or fewer: outer loops step by step, the first that would be too long in blocks.
 *
 * @param outer those of the outermost loop
 */
export function walkBlocks(
  emitter: Emitter,
  p: Pick<Problem, "loops">,
  outer: Steps,
  most: number,
  body: (block: Block) => void,
): void {
  walk(emitter, p.loops, outer, most, wholeSum(p), body);
}

function walk(
  emitter: Emitter,
  [loop, ...inner]: readonly SummedLoop[],
  steps: Steps,
  most: number,
  at: Block,
  body: (block: Block) => void,
): void {
  if (loop === undefined) throw new Error("schedule: a sum without loops");
  const depth = at.loops.length - inner.length - 1;
  const innerSize = inner.reduce((n, l) => n * l.size, 1);
  if (innerSize > most) {
    emitter.loop(`s${depth}`, steps.start, steps.end, 1, (k) => {
      const rowAt = hold(emitter, add(at.rowAt, mul(use(k), int(loop.rowStride))));
      const columnAt = hold(emitter, add(at.columnAt, mul(use(k), int(loop.columnStride))));
      const { size } = inner[0] as SummedLoop;
      walk(emitter, inner, { start: int(0), end: int(size), size }, most, { ...at, rowAt, columnAt }, body);
    });
    return;
  }
  // Blocks of equal size, so that the last one is not a small remainder.
  const fitting = Math.max(1, Math.floor(most / innerSize));
  const size = Math.ceil(steps.size / Math.ceil(steps.size / fitting));
  emitter.loop(`s${depth}`, steps.start, steps.end, size, (k) => {
    const end = emitter.define("stop", binary("min", add(use(k), int(size)), steps.end));
    body({ ...at, loops: [{ ...loop, bounds: { start: use(k), end } }, ...inner] });
  });
}

/** A tile's first row and column and its size. */
export interface TileAt {
  readonly m: Expr;
  readonly n: Expr;
  readonly rows: number;
  readonly vectors: number;
  /** Where its rows start, if that is known. */
  readonly starts?: readonly RowStart[];
}

/** The element of a row operand at which a row of the tile starts: a register plus a constant. */
export type RowStart = Tile["rows"][number];

/** Adds a block's products to the accumulators of a tile. */
export function emitBlock(
  emitter: Emitter,
  p: Problem,
  block: Block,
  at: TileAt,
  accumulators: readonly (readonly Local[])[],
): void {
  const { lanes, dtype } = p;
  const { m, n } = at;
  const b = ofAtom(variable("b", p.batch));
  let column: Expr = int(0);
  emitInline(emitter, () => {
    emitter.bind("n", n);
    const start = emitter.address(p.column.start(b, ofAtom(variable("n", p.columns))));
    column = hold(emitter, add(start, block.columnAt));
  });
  // Rows with one base keep one.
  const moved = new Map<Expr, Expr>();
  const starts = at.starts ?? rowStarts(emitter, p, { batch: b, column: n }, m, at.rows);
  const rows = starts.map(({ base, offset }) => {
    const from = moved.get(base) ?? hold(emitter, add(base, block.rowAt));
    moved.set(base, from);
    return { base: from, offset };
  });
  emitTile(
    emitter,
    {
      dtype,
      lanes,
      vectors: at.vectors,
      rowBuffer: emitter.buffers.use(p.rowAccess.buffer.id, "read"),
      rows,
      rowColumns: rowColumns(p, n),
      apart: p.apart,
      columnBuffer: emitter.buffers.use(p.column.buffer.id, "read"),
      column,
      loops: block.loops,
      writesOut: p.writesOut,
      // A column operand that is laid out has zeros behind the last column.
      ...(n.kind === "const" && p.column.before.length === 0 ? { columns: p.columns - n.value } : {}),
    },
    accumulators,
  );
}
