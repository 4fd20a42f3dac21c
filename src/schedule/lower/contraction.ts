/**
 * Lowers a contraction: chooses the tile, lays out the column operand where it must be, and emits the loops around
 * the micro-kernel. Two shapes of loops exist. Where each result is one sum of moderate length, chunks own parts of
 * the result and run the epilogue on the accumulators. Where long sums make few results from operands that both lie
 * along them (a weight gradient), chunks own parts of the sum, work in blocks that stay in cache, and a second
 * kernel adds the parts up.
 */
import type { DType } from "../../base/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { resolve } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";
import { add, binary, compare, int, Locals, load, mul, splat, store, use, when } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import { valueTypeOf } from "../../kernel/ir.ts";
import { type ContractionPlan, contractionPlan } from "../contraction-plan.ts";
import {
  delinearize,
  factorOf,
  type Index,
  linearize,
  ofAtom,
  plus,
  substitute,
  times,
  type Variable,
  variable,
  zero,
} from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { emitTile, makeAccumulators, type SummedLoop } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";
import { chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { alignedCoordinates, type BodyStore, reachBuffers } from "./map.ts";
import { lowerPack } from "./pack.ts";
import { combineContraction } from "./reduce.ts";

/** An operand as memory: a buffer and the index in it, linear in the loop dimensions `x0`, `x1`, ... */
interface Access {
  readonly buffer: Buffer;
  readonly index: Index;
}

/** Everything about a contraction that its loops need. */
interface Problem {
  readonly node: Node;
  readonly spec: ContractionSpec;
  readonly plan: ContractionPlan;
  readonly dtype: DType;
  readonly lanes: number;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowAccess: Access;
  readonly column: ColumnOperand;
  readonly loops: readonly SummedLoop[];
  readonly tile: TileShape;
}

interface ColumnOperand {
  readonly buffer: Buffer;
  /** Index of column `n`, batch element `b`, at the start of the sum; variables as in `Frame`. */
  start(batch: Index, column: Index): Index;
  /** Kernels that prepare the operand. */
  readonly before: readonly LoweredCall[];
}

interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

const dimVariable = (d: number, size: number): Variable => variable(`x${d}`, size);

export function lowerContraction(group: Group, context: LoweringContext): LoweredCall[] {
  const problem = analyze(group.core[0] as Node, context);
  const parts = splitSum(problem);
  const calls = [...problem.column.before];
  if (parts === null) calls.push(new WholeSums(group, problem, context).lower());
  else {
    const { rowSize } = parts;
    const partial = context.temporary(problem.dtype, parts.count * problem.batch * problem.rows * rowSize);
    calls.push(lowerParts(problem, parts, partial));
    const order = problem.plan.order.filter((d) => problem.spec.sizes[d] !== 1);
    const axes = problem.plan.columns.filter((d) => problem.spec.sizes[d] !== 1).length;
    const { shape } = problem.node;
    const stored = { shape, order, partial: [partial], count: parts.count, rowSize: { axes, stride: rowSize } };
    calls.push(combineContraction(group, context, stored));
  }
  return calls;
}

const extent = (spec: ContractionSpec, dims: readonly number[]): number =>
  dims.reduce((p, d) => p * (spec.sizes[d] as number), 1);

function analyze(node: Node, context: LoweringContext): Problem {
  if (node.op.kind !== "contraction") throw new Error("schedule: not a contraction");
  const { spec } = node.op;
  const plan = contractionPlan(node, (n) => context.orderOf(n), context.isWanted(node), context.target.lanes);
  const lanes = node.dtype === "float64" ? 1 : context.target.lanes;
  const rowNode = node.inputs[plan.rowOperand] as Node;
  const rowMaps = plan.rowOperand === 0 ? spec.a : spec.b;
  const rowAccess = accessOf(rowNode, rowMaps, spec, context);
  if (rowAccess === null) throw new Error("schedule: the row operand of a contraction is not linear in memory");
  const columns = extent(spec, plan.columns);
  const rows = extent(spec, plan.rows);
  const tile = tileShape(rows, Math.ceil(columns / lanes), lanes, context.target.registers);
  const base = { node, spec, plan, dtype: node.dtype, lanes, batch: extent(spec, plan.batch), rows, columns, rowAccess };
  const direct = directColumns(node, plan, lanes, columns, context);
  const stride = (d: number): number => factorOf(rowAccess.index, `x${d}`);
  if (direct !== null) {
    const loops = mergeLoops(spec, plan.summed, stride, (d) => factorOf(direct.index, `x${d}`));
    return { ...base, tile, loops, column: directOperand(direct, spec, plan) };
  }
  const width = tile.vectors * lanes;
  const packed = packedOperand(node, plan, width, columns, context);
  const inPanel = (d: number): number => {
    const after = plan.summed.slice(plan.summed.indexOf(d) + 1);
    return extent(spec, after) * width;
  };
  return { ...base, tile, loops: mergeLoops(spec, plan.summed, stride, inPanel), column: packed };
}

/** Rows and vectors of the tile: as many accumulators as leave registers for the operands. */
function tileShape(rows: number, vectors: number, lanes: number, registers: number): TileShape {
  if (lanes === 1) return { rows: Math.min(rows, 4), vectors: Math.min(vectors, 2) };
  const wide = registers >= 32 ? [4, 3, 2, 1] : [2, 3, 4, 1];
  const fit = vectors === 1 ? 1 : (wide.find((v) => vectors % v === 0 && v <= vectors) ?? 2);
  const width = fit === 1 && vectors > 1 ? 2 : fit;
  const most = Math.max(1, Math.floor((registers - 2 - width) / width));
  const limit = Math.min(most, width === 1 ? 8 : most);
  if (rows <= limit) return { rows, vectors: width };
  // Of the larger tiles, the one that wastes least on the last rows.
  let best = limit;
  for (let r = limit; r >= Math.max(2, limit - 2); r--) {
    const waste = (n: number): number => Math.ceil(rows / n) * (n + 1);
    if (rows < 64 && waste(r) < waste(best)) best = r;
  }
  return { rows: best, vectors: width };
}

function axisIndex(map: AxisMap, spec: ContractionSpec): Index {
  let sum = zero;
  map.dims.forEach((d, i) => {
    const size = spec.sizes[d] as number;
    if (size > 1) sum = plus(sum, times(ofAtom(dimVariable(d, size)), map.strides[i] as number));
  });
  return sum;
}

/** The memory that an operand is read from, if its index there is linear. */
function accessOf(
  node: Node,
  maps: readonly AxisMap[],
  spec: ContractionSpec,
  context: LoweringContext,
): Access | null {
  const used = new Map<number, Buffer>();
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set(), used));
  const value = body.evaluate(
    node,
    maps.map((m) => axisIndex(m, spec)),
  );
  if (value.kind !== "load" || value.guards.length > 0) return null;
  if (value.index.terms.some((t) => t.atom.kind !== "var")) return null;
  return { buffer: used.get(value.buffer) as Buffer, index: value.index };
}

/** Rows of the column operand further apart than this share cache sets when a panel is read. */
const farRows = 1024;

/** The column operand where it can be read as it lies: vectors along the columns, not too far apart. */
function directColumns(
  node: Node,
  plan: ContractionPlan,
  lanes: number,
  columns: number,
  context: LoweringContext,
): Access | null {
  if (node.op.kind !== "contraction" || columns % lanes !== 0) return null;
  const { spec } = node.op;
  const maps = plan.rowOperand === 0 ? spec.b : spec.a;
  const operand = node.inputs[1 - plan.rowOperand] as Node;
  if (context.bufferOf(resolve(operand)) === null && resolve(operand).op.kind === "constant") return null;
  const access = accessOrNull(operand, maps, spec, context);
  if (access === null) return null;
  let step = 1;
  for (let i = plan.columns.length - 1; i >= 0; i--) {
    const d = plan.columns[i] as number;
    const size = spec.sizes[d] as number;
    if (size === 1) continue;
    if (factorOf(access.index, `x${d}`) !== step) return null;
    step *= size;
  }
  const last = plan.summed[plan.summed.length - 1];
  const apart = last === undefined ? 0 : Math.abs(factorOf(access.index, `x${last}`));
  const summed = extent(spec, plan.summed);
  if (apart >= farRows / 4 && apart % farRows === 0 && summed > 16 && extent(spec, plan.rows) > 32) return null;
  if (plan.summed.some((d) => factorOf(access.index, `x${d}`) < 0)) return null;
  return access;
}

function accessOrNull(
  node: Node,
  maps: readonly AxisMap[],
  spec: ContractionSpec,
  context: LoweringContext,
): Access | null {
  const access = accessOf(node, maps, spec, context);
  return access !== null && access.buffer.dtype === node.dtype ? access : null;
}

/** Replaces loop dimensions by positions along the flattened columns and batch. */
function positions(spec: ContractionSpec, dims: readonly number[], flat: Index): Map<string, Index> {
  const sizes = dims.map((d) => spec.sizes[d] as number);
  const split = delinearize(flat, sizes);
  return new Map(dims.map((d, i) => [`x${d}`, split[i] as Index]));
}

/** The part of an index that depends on the given dimensions, plus its constant when asked for. */
function partOf(index: Index, dims: readonly number[], constant: boolean): Index {
  let sum: Index = constant ? { ...zero, offset: index.offset, key: String(index.offset) } : zero;
  for (const t of index.terms) {
    if (t.atom.kind === "var" && dims.some((d) => t.atom.key === `x${d}`)) {
      sum = plus(sum, times(ofAtom(t.atom), t.factor));
    }
  }
  return sum;
}

function directOperand(access: Access, spec: ContractionSpec, plan: ContractionPlan): ColumnOperand {
  return {
    buffer: access.buffer,
    before: [],
    start: (batch, column) => {
      const b = substitute(partOf(access.index, plan.batch, true), positions(spec, plan.batch, batch));
      return plus(b, substitute(partOf(access.index, plan.columns, false), positions(spec, plan.columns, column)));
    },
  };
}

function packedOperand(
  node: Node,
  plan: ContractionPlan,
  width: number,
  columns: number,
  context: LoweringContext,
): ColumnOperand {
  if (node.op.kind !== "contraction") throw new Error("schedule: not a contraction");
  const { spec } = node.op;
  const maps = plan.rowOperand === 0 ? spec.b : spec.a;
  const operand = node.inputs[1 - plan.rowOperand] as Node;
  const batch = extent(spec, plan.batch);
  const summed = extent(spec, plan.summed);
  const panels = Math.ceil(columns / width);
  const buffer = context.temporary(node.dtype, batch * panels * summed * width);
  const pack = lowerPack(
    {
      operand,
      target: buffer,
      batch,
      columns,
      width,
      summed,
      at: (b, n, k) => {
        const values = new Map([
          ...positions(spec, plan.batch, b),
          ...positions(spec, plan.columns, n),
          ...positions(spec, plan.summed, k),
        ]);
        return maps.map((m) => substitute(axisIndex(m, spec), values));
      },
    },
    context,
  );
  // Columns start at multiples of the width: a panel is found by the column alone.
  const start = (b: Index, n: Index): Index => plus(times(b, panels * summed * width), times(n, summed));
  return { buffer, before: [pack], start };
}

/** Summed loops, neighbours merged where both operands move through them as through one; loops of 1 dropped. */
function mergeLoops(
  spec: ContractionSpec,
  summed: readonly number[],
  rowStride: (d: number) => number,
  columnStride: (d: number) => number,
): SummedLoop[] {
  const out: SummedLoop[] = [];
  for (const d of summed) {
    const size = spec.sizes[d] as number;
    if (size === 1) continue;
    const loop = { size, rowStride: rowStride(d), columnStride: columnStride(d) };
    const last = out[out.length - 1];
    const fits =
      last !== undefined &&
      last.rowStride === loop.rowStride * size &&
      last.columnStride === loop.columnStride * size;
    if (fits) out[out.length - 1] = { ...loop, size: last.size * size };
    else out.push(loop);
  }
  return out;
}

/** Starts of the rows m0, m0 + 1, ... of the row operand: one base and constants where rows are evenly apart. */
function rowStarts(
  emitter: Emitter,
  problem: Problem,
  batch: Index,
  first: Expr,
  count: number,
): { base: Expr; offset: number }[] {
  const { spec, plan, rowAccess, rows } = problem;
  const batchPart = substitute(partOf(rowAccess.index, plan.batch, true), positions(spec, plan.batch, batch));
  const m = variable("m", rows);
  const rowPart = substitute(partOf(rowAccess.index, plan.rows, false), positions(spec, plan.rows, ofAtom(m)));
  const index = plus(batchPart, rowPart);
  const factor = factorOf(index, "m");
  const even = index.terms.every((t) => t.atom.kind === "var");
  const starts: { base: Expr; offset: number }[] = [];
  const held = (e: Expr): Expr => (e.kind === "local" || e.kind === "const" ? e : emitter.define("r", e));
  if (even) {
    let base: Expr = int(0);
    emitInline(emitter, () => {
      emitter.bind("m", first);
      base = held(emitter.address(index));
    });
    for (let i = 0; i < count; i++) starts.push({ base, offset: i * factor });
    return starts;
  }
  for (let i = 0; i < count; i++) {
    emitInline(emitter, () => {
      emitter.bind("m", first, i);
      starts.push({ base: held(emitter.address(index)), offset: 0 });
    });
  }
  return starts;
}

/** Emits a block whose statements go on at the present level, while its bindings end with it. */
function emitInline(emitter: Emitter, fill: () => void): void {
  for (const s of emitter.block(fill)) emitter.push(s);
}

/** Multiplications that a chunk should at least do. */
const chunkWork = 60_000;

/** Chunks own parts of the result; every sum is done in one go and the epilogue runs on the accumulators. */
class WholeSums {
  readonly #p: Problem;
  readonly #group: Group;
  readonly #context: LoweringContext;

  constructor(group: Group, problem: Problem, context: LoweringContext) {
    this.#group = group;
    this.#p = problem;
    this.#context = context;
  }

  lower(): LoweredCall {
    const p = this.#p;
    const { rows, columns, batch, tile, lanes } = p;
    const used = new Map<number, Buffer>([
      [p.rowAccess.buffer.id, p.rowAccess.buffer],
      [p.column.buffer.id, p.column.buffer],
    ]);
    const { body, stores } = this.#epilogue(used);
    const kernel = new KernelBuffers(used);
    const locals = new Locals();
    const chunk = chunkLocal(locals);
    const emitter = new Emitter(body, kernel, locals);
    const rowTiles = Math.ceil(rows / tile.rows);
    const columnTiles = Math.ceil(columns / (tile.vectors * lanes));
    const summed = extent(p.spec, p.plan.summed);
    const wanted = Math.max(1, Math.min(64, Math.floor((batch * rows * columns * summed) / chunkWork)));
    const cuts = cutChunks(batch, rowTiles, columnTiles, wanted);
    this.#chunkLoops(emitter, chunk, cuts, stores);
    const flops = 2 * batch * rows * columns * summed;
    return kernel.finish("contraction", cuts.chunks, chunk, emitter.finish(), flops);
  }

  /** The stores as functions of the batch position `b`, the row `m` and the column `n`. */
  #epilogue(used: Map<number, Buffer>): { body: ScalarBody; stores: BodyStore[] } {
    const { node, spec, plan, batch, rows, columns } = this.#p;
    const own = new Set(
      this.#group.stores.filter((s) => this.#context.bufferOf(s.node) === s.buffer).map((s) => s.node),
    );
    const load = reachBuffers(() => body, this.#context, own, used);
    const body: ScalarBody = new ScalarBody((n, at, guards) =>
      n === node ? body.hole(0, valueTypeOf(node.dtype)) : load(n, at, guards),
    );
    const place = new Map([
      ...positions(spec, plan.batch, ofAtom(variable("b", batch))),
      ...positions(spec, plan.rows, ofAtom(variable("m", rows))),
      ...positions(spec, plan.columns, ofAtom(variable("n", columns))),
    ]);
    const at = node.shape.map((s, d) => (s === 1 ? zero : (place.get(`x${d}`) as Index)));
    const stores = this.#group.stores.map((s) => {
      used.set(s.buffer.id, s.buffer);
      const where = alignedCoordinates(at, node.shape, s.node);
      return { value: body.evaluate(s.node, where), buffer: s.buffer, index: linearize(where, s.buffer.strides) };
    });
    return { body, stores };
  }

  #chunkLoops(emitter: Emitter, chunk: Local, cuts: Cuts, stores: readonly BodyStore[]): void {
    const { tile, rows, lanes, columns } = this.#p;
    let rest: Expr = use(chunk);
    const columnBlock = emitter.define("nb", binary("mod", rest, int(cuts.columnBlocks)));
    rest = binary("idiv", rest, int(cuts.columnBlocks));
    const rowBlock = emitter.define("mb", binary("mod", rest, int(cuts.rowBlocks)));
    emitter.bind("b", emitter.define("b", binary("idiv", rest, int(cuts.rowBlocks))));
    const width = tile.vectors * lanes;
    const range = (block: Expr, size: number, most: number): { from: Expr; to: Expr } => {
      const from = emitter.define("from", mul(block, int(size)));
      return { from, to: emitter.define("to", binary("min", add(from, int(size)), int(most))) };
    };
    const wholeRows = rows - (rows % tile.rows);
    const mRange = range(rowBlock, cuts.rowTiles * tile.rows, wholeRows);
    const nRange = range(columnBlock, cuts.columnTiles * width, Math.ceil(columns / width) * width);
    const wholeColumns = columns - (columns % width);
    const rowLoops = (n: Expr, vectors: number): void => {
      if (wholeRows > 0) {
        emitter.loop("m0", mRange.from, mRange.to, tile.rows, (m) => {
          this.#tile(emitter, use(m), n, tile.rows, vectors, stores);
        });
      }
      if (wholeRows < rows) {
        const last = emitter.block(() =>
          this.#tile(emitter, int(wholeRows), n, rows - wholeRows, vectors, stores),
        );
        emitter.push(when(compare("eq", rowBlock, int(cuts.rowBlocks - 1)), last));
      }
    };
    if (wholeColumns > 0) {
      const end = emitter.define("end", binary("min", nRange.to, int(wholeColumns)));
      emitter.loop("n0", nRange.from, end, width, (n) => rowLoops(use(n), tile.vectors));
    }
    if (wholeColumns < columns) {
      const left = Math.ceil((columns - wholeColumns) / lanes);
      const last = emitter.block(() => rowLoops(int(wholeColumns), left));
      emitter.push(when(compare("eq", columnBlock, int(cuts.columnBlocks - 1)), last));
    }
  }

  #tile(emitter: Emitter, m: Expr, n: Expr, rows: number, vectors: number, stores: readonly BodyStore[]): void {
    const p = this.#p;
    const { lanes, dtype } = p;
    const kernelBuffer = (b: Buffer): number => this.#use(emitter, b);
    const accumulators = makeAccumulators(emitter, rows, { vectors, lanes, dtype });
    const b = ofAtom(variable("b", p.batch));
    let column: Expr = int(0);
    emitInline(emitter, () => {
      emitter.bind("n", n);
      column = hold(emitter, emitter.address(p.column.start(b, ofAtom(variable("n", p.columns)))));
    });
    emitTile(
      emitter,
      {
        dtype,
        lanes,
        vectors,
        rowBuffer: kernelBuffer(p.rowAccess.buffer),
        rows: rowStarts(emitter, p, b, m, rows),
        columnBuffer: kernelBuffer(p.column.buffer),
        column,
        loops: p.loops,
      },
      accumulators,
    );
    accumulators.forEach((list, i) => {
      list.forEach((c, v) => {
        this.#finish(emitter, { m, i, n, v, c }, stores);
      });
    });
  }

  /** Runs the epilogue on one accumulator; lanes beyond the last column are left out one by one. */
  #finish(
    emitter: Emitter,
    at: { m: Expr; i: number; n: Expr; v: number; c: Local },
    stores: readonly BodyStore[],
  ): void {
    const { lanes, columns } = this.#p;
    const { m, i, n, v, c } = at;
    const rest = n.kind === "const" ? columns - n.value - v * lanes : lanes;
    if (rest >= lanes) {
      emitter.vectorized({ variable: "n", lanes }, () => this.#store(emitter, m, i, n, v * lanes, use(c), stores));
      return;
    }
    for (let l = 0; l < rest; l++) {
      const lane: Expr = { kind: "extract", type: c.type, lanes: 1, a: use(c), lane: l };
      this.#store(emitter, m, i, n, v * lanes + l, lanes === 1 ? use(c) : lane, stores);
    }
  }

  #store(
    emitter: Emitter,
    m: Expr,
    i: number,
    n: Expr,
    offset: number,
    value: Expr,
    stores: readonly BodyStore[],
  ): void {
    emitInline(emitter, () => {
      emitter.bind("m", m, i);
      emitter.bind("n", n, offset);
      emitter.fill(0, hold(emitter, value));
      const values = stores.map((s) => emitter.value(s.value));
      stores.forEach((s, k) => {
        emitter.store(s.buffer.id, s.index, values[k] as Expr);
      });
    });
  }

  #use(emitter: Emitter, buffer: Buffer): number {
    return emitter.buffers.use(buffer.id, "read");
  }
}

function hold(emitter: Emitter, e: Expr): Expr {
  return e.kind === "local" || e.kind === "const" ? e : emitter.define("h", e);
}

interface Cuts {
  readonly chunks: number;
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  /** Tiles in a block. */
  readonly rowTiles: number;
  readonly columnTiles: number;
}

/** Cuts the result into about `wanted` chunks: along rows first, which share no memory. */
function cutChunks(batch: number, rowTiles: number, columnTiles: number, wanted: number): Cuts {
  const forRows = Math.max(1, Math.min(rowTiles, Math.ceil(wanted / batch)));
  const perRow = Math.ceil(rowTiles / forRows);
  const rowBlocks = Math.ceil(rowTiles / perRow);
  const forColumns = Math.max(1, Math.min(columnTiles, Math.ceil(wanted / batch / rowBlocks)));
  const perColumn = Math.ceil(columnTiles / forColumns);
  const columnBlocks = Math.ceil(columnTiles / perColumn);
  return { chunks: batch * rowBlocks * columnBlocks, rowBlocks, columnBlocks, rowTiles: perRow, columnTiles: perColumn };
}

/** How a long sum is cut: into `count` parts of `size` steps of its outermost loop. */
interface SumParts {
  readonly count: number;
  readonly size: number;
  /** Elements from one row of the partial result to the next. */
  readonly rowSize: number;
}

/** A sum at least this long may be cut into parts. */
const longSum = 1024;
const mostSumParts = 16;

/** Cuts the sum where both operands lie along it and it is long. */
function splitSum(p: Problem): SumParts | null {
  const summed = extent(p.spec, p.plan.summed);
  const outer = p.loops[0];
  const lastRow = p.plan.rows[p.plan.rows.length - 1];
  const alongRows = lastRow === undefined || factorOf(p.rowAccess.index, `x${lastRow}`) === 1 || p.rows <= 16;
  if (summed < longSum || outer === undefined || !alongRows || p.column.before.length > 0) return null;
  const wanted = Math.min(mostSumParts, outer.size);
  let size = Math.ceil(outer.size / wanted);
  if (p.loops.length === 1) size = Math.ceil(size / 4) * 4;
  return { count: Math.ceil(outer.size / size), size, rowSize: Math.ceil(p.columns / p.lanes) * p.lanes };
}

/** Steps of the sum that a block covers: both operands' share of it stays in the first-level cache. */
const blockSteps = 128;

/** Chunks own parts of the sum and add to a partial result of their own, block by block. */
function lowerParts(p: Problem, parts: SumParts, partial: Buffer): LoweredCall {
  const used = new Map([p.rowAccess.buffer, p.column.buffer, partial].map((b) => [b.id, b]));
  const kernel = new KernelBuffers(used);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const body = new ScalarBody(() => null);
  const emitter = new Emitter(body, kernel, locals);
  const target = kernel.use(partial.id, "write");
  kernel.use(partial.id, "read");
  const resultSize = p.rows * parts.rowSize;
  emitter.bind("b", emitter.define("b", binary("mod", use(chunk), int(p.batch))));
  const part = emitter.define("part", binary("idiv", use(chunk), int(p.batch)));
  const base = emitter.define("base", mul(add(mul(part, int(p.batch)), emitter.address(ofAtom(variable("b", p.batch)))), int(resultSize)));
  const zeroValue = splat({ kind: "const", type: valueTypeOf(p.dtype), lanes: 1, value: 0 }, p.lanes);
  emitter.loop("z", int(0), int(resultSize), p.lanes, (z) => {
    emitter.push(store(target, add(base, use(z)), zeroValue));
  });
  const outer = p.loops[0] as SummedLoop;
  const from = emitter.define("from", mul(part, int(parts.size)));
  const to = emitter.define("to", binary("min", add(from, int(parts.size)), int(outer.size)));
  blocks(emitter, p, 0, { start: from, end: to }, int(0), int(0), (loops, rowAt, columnAt) => {
    resultTiles(emitter, p, parts, target, base, { loops, rowAt, columnAt });
  });
  const flops = 2 * p.batch * p.rows * p.columns * extent(p.spec, p.plan.summed);
  return kernel.finish("contraction_part", parts.count * p.batch, chunk, emitter.finish(), flops);
}

/** Loops over blocks of the sum: outer loops step by step, the first that would be too long in blocks. */
function blocks(
  emitter: Emitter,
  p: Problem,
  depth: number,
  bounds: { start: Expr; end: Expr },
  rowAt: Expr,
  columnAt: Expr,
  body: (loops: readonly SummedLoop[], rowAt: Expr, columnAt: Expr) => void,
): void {
  const loop = p.loops[depth] as SummedLoop;
  const inner = p.loops.slice(depth + 1);
  const innerSize = inner.reduce((n, l) => n * l.size, 1);
  if (innerSize > blockSteps) {
    emitter.loop(`s${depth}`, bounds.start, bounds.end, 1, (k) => {
      const row = hold(emitter, add(rowAt, mul(use(k), int(loop.rowStride))));
      const column = hold(emitter, add(columnAt, mul(use(k), int(loop.columnStride))));
      const next = p.loops[depth + 1] as SummedLoop;
      blocks(emitter, p, depth + 1, { start: int(0), end: int(next.size) }, row, column, body);
    });
    return;
  }
  const size = Math.max(1, Math.floor(blockSteps / innerSize));
  emitter.loop(`s${depth}`, bounds.start, bounds.end, size, (k) => {
    const end = emitter.define("stop", binary("min", add(use(k), int(size)), bounds.end));
    body([{ ...loop, bounds: { start: use(k), end } }, ...inner], rowAt, columnAt);
  });
}

interface Block {
  readonly loops: readonly SummedLoop[];
  readonly rowAt: Expr;
  readonly columnAt: Expr;
}

/** All tiles of the partial result for one block of the sum. */
function resultTiles(emitter: Emitter, p: Problem, parts: SumParts, target: number, base: Expr, block: Block): void {
  const width = p.tile.vectors * p.lanes;
  const wholeRows = p.rows - (p.rows % p.tile.rows);
  const wholeColumns = p.columns - (p.columns % width);
  const rowLoops = (n: Expr, vectors: number): void => {
    if (wholeRows > 0) {
      emitter.loop("m0", int(0), int(wholeRows), p.tile.rows, (m) => {
        partTile(emitter, p, parts, target, base, block, { m: use(m), n, rows: p.tile.rows, vectors });
      });
    }
    if (wholeRows < p.rows) {
      const rows = p.rows - wholeRows;
      emitInline(emitter, () =>
        partTile(emitter, p, parts, target, base, block, { m: int(wholeRows), n, rows, vectors }),
      );
    }
  };
  if (wholeColumns > 0) {
    emitter.loop("n0", int(0), int(wholeColumns), width, (n) => rowLoops(use(n), p.tile.vectors));
  }
  if (wholeColumns < p.columns) rowLoops(int(wholeColumns), Math.ceil((p.columns - wholeColumns) / p.lanes));
}

function partTile(
  emitter: Emitter,
  p: Problem,
  parts: SumParts,
  target: number,
  base: Expr,
  block: Block,
  at: { m: Expr; n: Expr; rows: number; vectors: number },
): void {
  const { lanes, dtype } = p;
  const corner = hold(emitter, add(base, add(mul(at.m, int(parts.rowSize)), at.n)));
  const place = (i: number, v: number): Expr => add(corner, int(i * parts.rowSize + v * lanes));
  const accumulators = makeAccumulators(emitter, at.rows, { vectors: at.vectors, lanes, dtype }, (i, v) =>
    load(target, dtype, place(i, v), lanes),
  );
  const b = ofAtom(variable("b", p.batch));
  let column: Expr = int(0);
  emitInline(emitter, () => {
    emitter.bind("n", at.n);
    column = hold(emitter, add(emitter.address(p.column.start(b, ofAtom(variable("n", p.columns)))), block.columnAt));
  });
  const rows = rowStarts(emitter, p, b, at.m, at.rows).map((r) => ({
    base: hold(emitter, add(r.base, block.rowAt)),
    offset: r.offset,
  }));
  emitTile(
    emitter,
    {
      dtype,
      lanes,
      vectors: at.vectors,
      rowBuffer: emitter.buffers.use(p.rowAccess.buffer.id, "read"),
      rows,
      columnBuffer: emitter.buffers.use(p.column.buffer.id, "read"),
      column,
      loops: block.loops,
    },
    accumulators,
  );
  accumulators.forEach((list, i) => {
    list.forEach((c, v) => {
      emitter.push(store(target, place(i, v), use(c)));
    });
  });

}
