/**
 * A contraction as its loops need it: how both operands lie in memory, how the summed loops merge, the tile.
 */

import type { DType } from "../../base/dtype.ts";
import { type Node, resolve } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";
import { binary, int } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import type { Target } from "../../kernel/program.ts";
import { type ContractionPlan, contractionPlan, extent, isLaneByLane } from "../contraction-plan.ts";
import {
  delinearize,
  factorOf,
  fixed,
  type Index,
  isAffine,
  ofAtom,
  plus,
  substitute,
  times,
  variable,
  zero,
} from "../index-math.ts";
import type { Buffer, LoweredCall, LoweringContext } from "../plan.ts";
import { type Access, accessOf, axisIndex } from "./access.ts";
import { cacheBytes, cacheSets, cacheWays } from "./cache.ts";
import type { Clip, ClippedAxes, ClippedRows } from "./contraction-clip.ts";
import type { SummedLoop } from "./contraction-tile.ts";
import type { Emitter } from "./emitter.ts";
import { isRoomy } from "./kernel-frame.ts";
import { lowerPack } from "./pack.ts";
import { lanesOf, type TileShape, tileOf } from "./tile-shape.ts";
import { layingOutRows, turnedRows } from "./turned-rows.ts";
import {
  clippedImages,
  clippedRows,
  longSum,
  type RowOperand,
  rowOperandOf,
  smallResult,
  unpaddedOperand,
} from "./unpadded.ts";

/** Everything about a contraction that its loops need. */
export interface Problem {
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
  /** Elements between columns, where each has a vector of lanes of its own; null elsewhere. */
  readonly apart: number | null;
  readonly loops: readonly SummedLoop[];
  readonly tile: TileShape;
  /** How rows run where padding is left out; null where they run in the order of memory. */
  readonly clipped: ClippedRows | null;
  /** The same of columns, whose tiles are at one place of an image each. */
  readonly clippedColumns: ClippedAxes | null;
  /** Whether short loops may be written out; see `Tile`. */
  readonly writesOut: boolean;
  /** Whether chunks own parts of the sum. */
  readonly inParts: boolean;
  /** Whether chunks lay their rows out in panels. */
  readonly inPanels: boolean;
  /** Kernels that prepare the row operand. */
  readonly before: readonly LoweredCall[];
}

export interface ColumnOperand {
  readonly buffer: Buffer;
  /** Index of column `n`, batch element `b`, at the start of the sum; variables as in `Frame`. */
  start(batch: Index, column: Index): Index;
  /** Kernels that prepare the operand. */
  readonly before: readonly LoweredCall[];
}

export function analyze(node: Node, context: LoweringContext): Problem {
  if (node.op.kind !== "contraction") throw new Error("schedule: not a contraction");
  const { spec } = node.op;
  const plan = contractionPlan(node, context);
  const columns = extent(spec, plan.columns);
  const lanes = lanesOf(node, columns, context.target);
  const operand = rowOperandOf(node, plan);
  const { access: rowAccess, before, direct, inParts, inPanels } = readRows(node, plan, operand, context);
  const whole = isRoomy(context.target) ? !inParts : !inPanels && direct !== null;
  const longSums = whole && extent(spec, plan.summed) >= longSum;
  const tile = tileOf(spec, plan, columns, lanes, context.target, longSums);
  const base = {
    node,
    spec,
    plan,
    dtype: node.dtype,
    lanes,
    batch: extent(spec, plan.batch),
    rows: extent(spec, plan.rows),
    columns,
    rowAccess,
    writesOut: isRoomy(context.target),
    inParts,
    inPanels,
    before,
  };
  const stride = (d: number): number => factorOf(rowAccess.index, `x${d}`);
  const clipped = clippedRows(spec, plan, operand, tile.rows, stride);
  const clippedColumns = clippedImages(spec, plan, node);
  const clips = clippedColumns?.clips ?? clipped?.clips;
  const shape = {
    clipped,
    clippedColumns,
    tile: clipped === null ? tile : { ...tile, rows: clipped.tile, line: clipped.tile },
  };
  if (direct !== null) {
    const inColumns = (d: number): number => factorOf(direct.index, `x${d}`);
    const loops = mergeLoops(spec, plan.summed, stride, inColumns, clips);
    const apart = isLaneByLane(plan) ? inColumns(plan.columns.at(-2) as number) : null;
    return { ...base, ...shape, apart, loops, column: directOperand(direct, spec, plan) };
  }
  const width = tile.vectors * lanes;
  const packed = packedOperand(node, plan, width, columns, context);
  const inPanel = (d: number): number => {
    const after = plan.summed.slice(plan.summed.indexOf(d) + 1);
    return extent(spec, after) * width;
  };
  const loops = mergeLoops(spec, plan.summed, stride, inPanel, clips);
  return { ...base, ...shape, apart: isLaneByLane(plan) ? lanes : null, loops, column: packed };
}

/** How rows are read, and what depends on it. */
interface Reading extends Pick<Problem, "inParts" | "inPanels" | "before"> {
  readonly access: Access;
  /** The column operand, where it is read as it lies. */
  readonly direct: Access | null;
}

function readRows(node: Node, plan: ContractionPlan, operand: RowOperand, context: LoweringContext): Reading {
  const { spec } = node.op as { readonly spec: ContractionSpec };
  const { target } = context;
  const columns = extent(spec, plan.columns);
  const lanes = lanesOf(node, columns, target);
  const unpadded = unpaddedOperand(node, context);
  const bareRows = unpadded?.operand === operand.node ? unpadded : null;
  const asItLies = accessOf(bareRows?.value ?? operand.node, operand.maps, spec, context, bareRows?.before);
  if (asItLies === null)
    throw new Error("schedule: the row operand of a contraction is not linear in memory");
  if (plan.run !== null) {
    const direct = directColumns(node, plan, lanes, columns, false, context);
    return { access: asItLies, before: [], direct, inParts: false, inPanels: false };
  }
  const laidOut = bareRows === null ? layingOutRows(asItLies, operand, spec, plan, target) : "never";
  const suitsPanels = laidOut === "rather than cut" && !isRoomy(target);
  const maybeInParts = laidOut !== "rather than cut" && isCut(asItLies, plan, spec, columns);
  const direct = directColumns(node, plan, lanes, columns, maybeInParts, context);
  const inParts =
    maybeInParts && (direct !== null || isCutLaidOut(asItLies, plan, spec, columns, lanes, target));
  // What stays the same from run to run is turned once.
  const turned =
    laidOut !== "never" && !inParts && (!suitsPanels || context.isSteady(operand.node))
      ? turnedRows(operand, asItLies, spec, plan, context)
      : null;
  return {
    access: turned?.access ?? asItLies,
    before: turned?.before ?? [],
    direct,
    inParts,
    inPanels: suitsPanels && turned === null,
  };
}

/** More rows than this read columns so often that laying those out costs little, and make tiles for all threads. */
const manyRows = 128;

/**
 * Whether a long sum may be cut into parts: where the row operand lies along its rows, or along the sum of few results in
 * few rows.
 */
function isCut(rowAccess: Access, plan: ContractionPlan, spec: ContractionSpec, columns: number): boolean {
  if (extent(spec, plan.summed) < longSum) return false;
  const rows = extent(spec, plan.rows);
  if (rows <= 16 || liesAlongRows(rowAccess, plan)) return true;
  const last = plan.summed.findLast((d) => spec.sizes[d] !== 1);
  return rows <= manyRows && isNext(rowAccess, last) && rows * columns <= smallResult;
}

const isNext = ({ index }: Access, d: number | undefined): boolean =>
  d !== undefined && factorOf(index, `x${d}`) === 1;

const liesAlongRows = (rowAccess: Access, { rows }: ContractionPlan): boolean =>
  isNext(rowAccess, rows[rows.length - 1]);

/** From so many tiles on, threads have enough to do. */
const enoughTiles = 4;

/**
 * Whether it is cut where the column operand is laid out. If the row operand lies along the sum, a tile's sum reads both from one end
 * to the other, which is better than partial sums, read and written again and again, while there are tiles for all threads.
 */
function isCutLaidOut(
  rowAccess: Access,
  plan: ContractionPlan,
  spec: ContractionSpec,
  columns: number,
  lanes: number,
  target: Target,
): boolean {
  const rows = extent(spec, plan.rows);
  if (rows <= 16 || liesAlongRows(rowAccess, plan)) return rows * columns <= smallResult / 2;
  const tile = tileOf(spec, plan, columns, lanes, target, false);
  return Math.ceil(rows / tile.rows) * Math.ceil(columns / (tile.vectors * lanes)) < enoughTiles;
}

/** Rows of the column operand further apart than this share cache sets when a panel is read. */
const farRows = 1024;
/** Elements over which a panel is spread from which on its lines are too many pages: laid out, it is read a third faster. */
const farSpan = 131_072;

/**
 * Whether the lines of a panel displace each other, `apart` elements from one to the next, though the panel laid out
 * would stay in the cache, and often enough are they read.
 */
function displaced(apart: number, summed: number, rows: number, target: Target): boolean {
  const sets = cacheSets(apart);
  const panel = summed * (isRoomy(target) ? 4 : 2) * target.lanes * 4;
  return rows > 64 && sets <= 16 && summed > sets * cacheWays && panel <= cacheBytes;
}

/** The column operand where it can be read as it lies: vectors along the columns, not too far apart. */
function directColumns(
  node: Node,
  plan: ContractionPlan,
  lanes: number,
  columns: number,
  inParts: boolean,
  context: LoweringContext,
): Access | null {
  if (node.op.kind !== "contraction") return null;
  const { spec } = node.op;
  // The end of a row as part of a vector is worth it where laying out as many elements as there are terms is not.
  if (columns % lanes !== 0 && (columns < lanes / 2 || extent(spec, plan.summed) < longSum)) return null;
  const maps = plan.rowOperand === 0 ? spec.b : spec.a;
  const operand = node.inputs[1 - plan.rowOperand] as Node;
  if (context.bufferOf(resolve(operand)) === null && resolve(operand).op.kind === "constant") return null;
  const unpadded = plan.run === null ? null : unpaddedOperand(node, context);
  const access = accessOrNull(unpadded?.value ?? operand, maps, spec, context, unpadded?.before);
  if (access === null) return null;
  if (plan.summed.some((d) => factorOf(access.index, `x${d}`) < 0)) return null;
  let step = 1;
  for (let i = plan.columns.length - 1; i >= 0; i--) {
    const d = plan.columns[i] as number;
    const size = spec.sizes[d] as number;
    if (size === 1) continue;
    if (step === plan.run) return access;
    if (factorOf(access.index, `x${d}`) !== step) return null;
    step *= size;
  }
  const last = plan.summed[plan.summed.length - 1];
  const apart = last === undefined ? 0 : Math.abs(factorOf(access.index, `x${last}`));
  const summed = extent(spec, plan.summed);
  const rows = extent(spec, plan.rows);
  if (apart >= farRows / 4 && apart % farRows === 0 && summed > 16 && rows > 32) return null;
  if (!inParts && apart >= farRows / 8 && apart * summed > farSpan && rows > manyRows) return null;
  const repeated = plan.batch.some((d) => (spec.sizes[d] as number) > 1);
  if (!repeated && displaced(apart, summed, rows, context.target)) return null;
  return access;
}

function accessOrNull(
  node: Node,
  maps: readonly AxisMap[],
  spec: ContractionSpec,
  context: LoweringContext,
  before?: readonly number[],
): Access | null {
  const access = accessOf(node, maps, spec, context, before);
  return access !== null && access.buffer.dtype === node.dtype ? access : null;
}

/** Replaces loop dimensions by positions along the flattened columns and batch. */
export function positions(spec: ContractionSpec, dims: readonly number[], flat: Index): Map<string, Index> {
  const sizes = dims.map((d) => spec.sizes[d] as number);
  const split = delinearize(flat, sizes);
  return new Map(dims.map((d, i) => [`x${d}`, split[i] as Index]));
}

/** The part of an index that depends on the given dimensions, plus its constant when asked for. */
function partOf(index: Index, dims: readonly number[], constant: boolean): Index {
  let sum = constant ? fixed(index.offset) : zero;
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
      return plus(
        b,
        substitute(partOf(access.index, plan.columns, false), positions(spec, plan.columns, column)),
      );
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
      summed: plan.summed.map((d) => spec.sizes[d] as number),
      at: (b, n, k) => {
        const values = new Map([
          ...positions(spec, plan.batch, b),
          ...positions(spec, plan.columns, n),
          ...plan.summed.map((d, i) => [`x${d}`, k[i] as Index] as const),
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
  clips: ReadonlyMap<number, Clip> = new Map(),
): SummedLoop[] {
  const out: SummedLoop[] = [];
  for (const d of summed) {
    const size = spec.sizes[d] as number;
    if (size === 1) continue;
    const loop = { size, rowStride: rowStride(d), columnStride: columnStride(d) };
    const last = out[out.length - 1];
    const clip = clips.get(d);
    const fits =
      last !== undefined &&
      clip === undefined &&
      last.rowStride === loop.rowStride * size &&
      last.columnStride === loop.columnStride * size;
    if (!fits) out.push(clip === undefined ? loop : { ...loop, clip: { ...clip, scale: 1 } });
    else {
      const merged = { ...loop, size: last.size * size };
      out[out.length - 1] =
        last.clip === undefined
          ? merged
          : { ...merged, clip: { ...last.clip, scale: last.clip.scale * size } };
    }
  }
  return out;
}

/** How many columns of one pixel lie side by side, where vectors run along images; null elsewhere. */
const imagesOf = ({ run, sharesColumns }: ContractionPlan): number | null => (sharesColumns ? null : run);

/** The coordinates of the loop dimensions of column `n`, or of image `n` of pixel `np`. */
export function columnPlaces({ spec, plan, columns }: Problem): ReadonlyMap<string, Index> {
  const images = imagesOf(plan);
  const column =
    images === null
      ? ofAtom(variable("n", columns))
      : plus(times(ofAtom(variable("np", columns / images)), images), ofAtom(variable("n", images)));
  return positions(spec, plan.columns, column);
}

/** What `columnPlaces` are functions of, for the first column of a tile: the offset of a vector comes on top of `n`. */
export function columnOf(emitter: Emitter, { plan }: Problem, n: Expr): ReadonlyMap<"n" | "np", Expr> {
  const images = imagesOf(plan);
  if (images === null) return new Map([["n", n]]);
  return new Map([
    ["np", hold(emitter, binary("idiv", n, int(images)))],
    ["n", hold(emitter, binary("mod", n, int(images)))],
  ]);
}

/** The coordinates of the loop dimensions of row `m`, or of row `mi` of tile `mt`. */
export function rowPlaces({ spec, plan, rows, clipped }: Problem): ReadonlyMap<string, Index> {
  return clipped?.places ?? positions(spec, plan.rows, ofAtom(variable("m", rows)));
}

/** Binds the row at `m` and `i`; a tile of clipped rows begins at `m`. */
export function bindRow(emitter: Emitter, { clipped }: Problem, m: Expr, i: number): void {
  emitter.bind("m", m, i);
  if (clipped === null) return;
  emitter.bind("mt", binary("idiv", m, int(clipped.tile)));
  emitter.bind("mi", int(i));
}

/**
 * Starts of the rows m0, m0 + 1, ... of the row operand: one base and constants where rows are evenly apart, or where it
 * is known which rows they are. Two dozen addresses would not stay in registers.
 */
export function rowStarts(
  emitter: Emitter,
  problem: Problem,
  { batch, column }: { readonly batch: Index; readonly column: Expr },
  first: Expr,
  count: number,
): { base: Expr; offset: number }[] {
  const { spec, plan, rowAccess, tile, clipped } = problem;
  const groupPart = substitute(partOf(rowAccess.index, plan.batch, true), positions(spec, plan.batch, batch));
  // Where each column has a vector of lanes of its own, all have the same rows.
  const movesAlong = plan.sharesColumns && plan.run === null;
  const batchPart = movesAlong ? plus(groupPart, ofAtom(variable("n", problem.columns))) : groupPart;
  if (plan.sharesColumns) emitter.bind("n", column);
  const rowPart = substitute(partOf(rowAccess.index, plan.rows, false), rowPlaces(problem));
  const index = plus(batchPart, rowPart);
  const factor = factorOf(index, "m");
  const even = clipped === null && isAffine(index);
  const starts: { base: Expr; offset: number }[] = [];
  const held = (e: Expr): Expr => (e.kind === "local" || e.kind === "const" ? e : emitter.define("r", e));
  if (even || tile.line > 0) {
    const last = clipped?.along ?? plan.rows[plan.rows.length - 1];
    const step = even ? factor : factorOf(rowAccess.index, `x${last}`);
    const line = even ? count : tile.line;
    let base: Expr = int(0);
    for (let i = 0; i < count; i++) {
      if (i % line === 0) {
        emitInline(emitter, () => {
          bindRow(emitter, problem, first, i);
          base = held(emitter.address(index));
        });
      }
      starts.push({ base, offset: (i % line) * step });
    }
    return starts;
  }
  const shared = first.kind === "const" ? held(emitter.address(batchPart)) : null;
  for (let i = 0; i < count; i++) {
    emitInline(emitter, () => {
      emitter.bind("m", first, i);
      const row = shared === null ? null : emitter.address(rowPart);
      if (shared !== null && row?.kind === "const") starts.push({ base: shared, offset: row.value });
      else starts.push({ base: held(emitter.address(index)), offset: 0 });
    });
  }
  return starts;
}

/** How many columns from `n` on are elements of a row, where rows are read by vectors; null where they are not. */
export function rowColumns({ plan, columns }: Problem, n: Expr): number | null {
  if (!plan.sharesColumns) return null;
  return n.kind === "const" ? columns - n.value : columns;
}

/** Emits a block whose statements go on at the present level, while its bindings end with it. */
export function emitInline(emitter: Emitter, fill: () => void): void {
  for (const s of emitter.block(fill)) emitter.push(s);
}
export function hold(emitter: Emitter, e: Expr): Expr {
  return e.kind === "local" || e.kind === "const" ? e : emitter.define("h", e);
}
