/**
 * Contractions whose chunks own parts of the sum: long sums that make few results, as a weight gradient. A chunk adds to a partial result of its own, in blocks of the sum that stay in cache.
 */
import { add, binary, int, Locals, load, mul, splat, store, use } from "../../kernel/build.ts";
import { type Expr, valueTypeOf } from "../../kernel/ir.ts";
import { extent } from "../contraction-plan.ts";
import { ofAtom, variable } from "../index-math.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { type Block, emitBlock, type TileAt, walkBlocks } from "./contraction-blocks.ts";
import { emitInline, hold, type Problem } from "./contraction-problem.ts";
import { makeAccumulators, type SummedLoop } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";
import { chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { mostParts } from "./turned-rows.ts";

/** How a long sum is cut: into `count` parts of `size` steps of its outermost loop. */
export interface SumParts {
  readonly count: number;
  readonly size: number;
  /** Elements from one row of the partial result to the next. */
  readonly rowSize: number;
}

/** How the sum is cut, or null where it is not. */
export function splitSum(p: Problem): SumParts | null {
  const outer = p.loops[0];
  if (!p.inParts || outer === undefined) return null;
  const wanted = Math.min(mostParts, outer.size);
  let size = Math.ceil(outer.size / wanted);
  if (p.loops.length === 1) size = Math.ceil(size / 4) * 4;
  return { count: Math.ceil(outer.size / size), size, rowSize: Math.ceil(p.columns / p.lanes) * p.lanes };
}

/** Parts that there should at least be, so that all threads have as much work. */
const fewestSumParts = 8;

/**
 * The problem with an outermost loop that is long enough to be cut: the rows of a kernel, say, would make three parts. The
 * innermost loop is cut instead, and what goes over its parts is the outermost one.
 */
export function cutInside(p: Problem): Problem {
  const [outer, last] = [p.loops[0], p.loops[p.loops.length - 1]] as [SummedLoop, SummedLoop];
  if (!p.inParts || p.loops.length < 2 || outer.size >= fewestSumParts) return p;
  const size = last.size / fewestSumParts;
  if (!Number.isInteger(size) || size < shortRun || p.loops.some((l) => l.clip !== undefined)) return p;
  const parts = {
    size: fewestSumParts,
    rowStride: last.rowStride * size,
    columnStride: last.columnStride * size,
  };
  return { ...p, loops: [parts, ...p.loops.slice(0, -1), { ...last, size }] };
}

/** An innermost loop shorter than this is worth joining with the one around it. */
const shortRun = 48;
/** Longest table of offsets. */
const longestTable = 16384;

/** Inner summed loops walked as one, with the offsets of the row operand in a table. */
export interface OffsetTable {
  readonly buffer: Buffer;
  /** The kernel that writes the table. */
  readonly before: LoweredCall;
  /** The problem with the joined loop as its last. */
  readonly problem: Problem;
}

/**
 * Joins the inner summed loops where they are short and the column operand goes through them evenly: a hot loop of a
 * dozen steps loses a third of its time to starting and ending.
 */
export function joinLoops(p: Problem, context: LoweringContext): OffsetTable | null {
  const total = p.loops.reduce((n, l) => n * l.size, 1);
  const kept = total > longestTable ? 1 : 0;
  const inner = p.loops.slice(kept);
  const last = inner[inner.length - 1];
  if (inner.length < 2 || last === undefined || last.size >= shortRun) return null;
  const size = inner.reduce((n, l) => n * l.size, 1);
  const even = inner.every(
    (l, i) => i === 0 || (inner[i - 1] as SummedLoop).columnStride === l.columnStride * l.size,
  );
  if (!even || size > longestTable) return null;
  const buffer = context.temporary("int32", size);
  const farthest = inner.reduce((n, l) => n + (l.size - 1) * l.rowStride, 0);
  const joined: SummedLoop = {
    size,
    rowStride: 0,
    columnStride: last.columnStride,
    ...(inner.some((l) => l.rowStride < 0) ? {} : { farthest }),
  };
  const problem = { ...p, loops: [...p.loops.slice(0, kept), joined] };
  return { buffer, before: offsetKernel(inner, buffer), problem };
}

/** Writes the offset of the row operand for every step of the given loops. */
function offsetKernel(loops: readonly SummedLoop[], buffer: Buffer): LoweredCall {
  const kernel = new KernelBuffers(new Map([[buffer.id, buffer]]));
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(new ScalarBody(() => null), kernel, locals);
  const target = kernel.use(buffer.id, "write");
  const walk = (depth: number, at: Expr, offset: Expr, size: number): void => {
    const loop = loops[depth];
    if (loop === undefined) {
      emitter.push(store(target, at, offset));
      return;
    }
    const inner = size / loop.size;
    emitter.loop(`k${depth}`, int(0), int(loop.size), 1, (k) => {
      const next = hold(emitter, add(at, mul(use(k), int(inner))));
      walk(depth + 1, next, hold(emitter, add(offset, mul(use(k), int(loop.rowStride)))), inner);
    });
  };
  walk(0, int(0), int(0), buffer.size);
  return kernel.finish("offsets", 1, chunk, emitter.finish(), 0);
}

/** Steps of the sum that a block covers: both operands' share of it stays in the first-level cache. */
const blockSteps = 98;

/** Chunks own parts of the sum and add to a partial result of their own, block by block. */
export function lowerParts(p: Problem, parts: SumParts, partial: Buffer, table: Buffer | null): LoweredCall {
  const buffers = [p.rowAccess.buffer, p.column.buffer, partial, ...(table === null ? [] : [table])];
  const used = new Map(buffers.map((b) => [b.id, b]));
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const body = new ScalarBody(() => null);
  const emitter = new Emitter(body, kernel, locals);
  const target = kernel.update(partial.id);
  const resultSize = p.rows * parts.rowSize;
  emitter.bind("b", emitter.define("b", binary("mod", use(chunk), int(p.batch))));
  const part = emitter.define("part", binary("idiv", use(chunk), int(p.batch)));
  const base = emitter.define(
    "base",
    mul(add(mul(part, int(p.batch)), emitter.address(ofAtom(variable("b", p.batch)))), int(resultSize)),
  );
  const zeroValue = splat({ kind: "const", type: valueTypeOf(p.dtype), lanes: 1, value: 0 }, p.lanes);
  emitter.loop("z", int(0), int(resultSize), p.lanes, (z) => {
    emitter.push(store(target, add(base, use(z)), zeroValue));
  });
  const outer = p.loops[0] as SummedLoop;
  const from = emitter.define("from", mul(part, int(parts.size)));
  const to = emitter.define("to", binary("min", add(from, int(parts.size)), int(outer.size)));
  const sums = { buffer: target, base, rowSize: parts.rowSize };
  walkBlocks(emitter, p, { start: from, end: to, size: parts.size }, blockSteps, (block) => {
    const last = block.loops[block.loops.length - 1] as SummedLoop;
    const loops =
      table === null
        ? block.loops
        : [...block.loops.slice(0, -1), { ...last, rowTable: kernel.use(table.id, "read") }];
    resultTiles(emitter, p, sums, { ...block, loops });
  });
  const flops = 2 * p.batch * p.rows * p.columns * extent(p.spec, p.plan.summed);
  return kernel.finish("contraction_part", parts.count * p.batch, chunk, emitter.finish(), flops);
}

/** Where partial sums lie: the kernel's buffer, the place of row 0 and column 0, and how far rows are apart. */
interface PartialSums {
  readonly buffer: number;
  readonly base: Expr;
  readonly rowSize: number;
}

/** So many tiles, one above the other, are written out, each with the places of its rows as constants. */
const writtenTiles = 8;

/** All tiles of the partial result for one block of the sum. */
function resultTiles(emitter: Emitter, p: Problem, sums: PartialSums, block: Block): void {
  const width = p.tile.vectors * p.lanes;
  const wholeRows = p.rows - (p.rows % p.tile.rows);
  const wholeColumns = p.columns - (p.columns % width);
  const tile = (m: Expr, n: Expr, rows: number, vectors: number): void =>
    partTile(emitter, p, sums, block, { m, n, rows, vectors });
  const rowLoops = (n: Expr, vectors: number): void => {
    const { rows } = p.tile;
    if (p.rows <= rows * writtenTiles) {
      for (let m = 0; m < p.rows; m += rows)
        emitInline(emitter, () => tile(int(m), n, Math.min(rows, p.rows - m), vectors));
      return;
    }
    emitter.loop("m0", int(0), int(wholeRows), rows, (m) => tile(use(m), n, rows, vectors));
    if (wholeRows < p.rows) emitInline(emitter, () => tile(int(wholeRows), n, p.rows - wholeRows, vectors));
  };
  if (wholeColumns > 0) {
    emitter.loop("n0", int(0), int(wholeColumns), width, (n) => rowLoops(use(n), p.tile.vectors));
  }
  if (wholeColumns < p.columns) rowLoops(int(wholeColumns), Math.ceil((p.columns - wholeColumns) / p.lanes));
}

/** Adds a block's products to a tile of the partial sums. */
function partTile(emitter: Emitter, p: Problem, sums: PartialSums, block: Block, at: TileAt): void {
  const { lanes, dtype } = p;
  const { buffer, base, rowSize } = sums;
  const corner = hold(emitter, add(base, add(mul(at.m, int(rowSize)), at.n)));
  const place = (i: number, v: number): Expr => add(corner, int(i * rowSize + v * lanes));
  const accumulators = makeAccumulators(emitter, at.rows, { ...at, lanes, dtype }, (i, v) =>
    load(buffer, dtype, place(i, v), lanes),
  );
  emitBlock(emitter, p, block, at, accumulators);
  accumulators.forEach((list, i) => {
    list.forEach((c, v) => {
      emitter.push(store(buffer, place(i, v), use(c)));
    });
  });
}
