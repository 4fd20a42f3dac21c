/**
 * Lowers reductions over one domain, with what follows them element by element. A reduction too large for one chunk
 * is cut along its outermost reduced loop into a fixed number of parts (by shape, never by thread count), whose
 * results a second kernel combines in order: the same bits come out on any number of threads.
 */

import type { ReduceFn } from "../../base/scalar.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { Locals } from "../../kernel/build.ts";
import { valueTypeOf } from "../../kernel/ir.ts";
import { isMath } from "../../kernel/math.ts";
import {
  factorOf,
  type Index,
  linearize,
  occursInside,
  ofAtom,
  plus,
  slopeOf,
  times,
  variable,
} from "../index-math.ts";
import {
  type Buffer,
  type Group,
  type LoweredCall,
  type LoweringContext,
  nodesMadeBy,
  type Order,
  placeIn,
} from "../plan.ts";
import { type Reach, type Scalar, ScalarBody } from "../scalar-body.ts";
import { coordinates, type Dim, indicesOf, mergeDims, splitDims } from "./domain.ts";
import { Emitter } from "./emitter.ts";
import {
  chunkCount,
  chunkLocal,
  KernelBuffers,
  lanesAlong,
  lanesFor,
  operationCount,
} from "./kernel-frame.ts";
import { alignedCoordinates, reachBuffers } from "./map.ts";
import { type ReduceKernel, ReduceLoops, type Reduction } from "./reduce-loops.ts";
import { type FineDomain, refine } from "./refine.ts";
import { is32Bit, pickedStride } from "./strided.ts";
import type { BodyStore } from "./walk.ts";
import { goesByWindows, windowsOf } from "./windows.ts";

/** Elements from which on a reduction with few results is cut into parts. */
const partElements = 16384;
const mostParts = 16;
/** Rows from which on threads have enough to do without parts, and results from which on they have wherever they lie. */
const enoughRows = 64;
const enoughResults = 65_536;

export function lowerReduce(group: Group, context: LoweringContext): LoweredCall[] {
  const domain = domainInParts(group, context);
  const parts = partCount(group, domain);
  if (parts === null || hasEnoughRows(group, context)) {
    const whole = singleStage(group, context);
    if (parts === null || readsRows(whole)) return [emitReduce(whole, context, "reduce")];
  }
  const partial = group.core.map((n) => context.temporary(n.dtype, parts.count * keptSize(n)));
  return [
    emitReduce(firstStage(group, context, partial, { ...parts, domain }), context, "reduce_part"),
    emitReduce(secondStage(group, context, partial, parts.count), context, "reduce_combine"),
  ];
}

/** Whether the innermost loop reduces, and there are results enough for all threads. */
function hasEnoughRows(group: Group, context: LoweringContext): boolean {
  return (
    keptSize(group.core[0] as Node) >= enoughRows && domainOf(group, context).dims.at(-1)?.reduced === true
  );
}

/** Whether rows are read from end to end, where the innermost loop reduces them. */
function readsRows({ dims, body }: ReduceKernel): boolean {
  const { name } = (dims[dims.length - 1] as Dim).variable;
  return body.all.every(
    (s) => s.kind !== "load" || (!occursInside(s.index, name) && Math.abs(factorOf(s.index, name)) <= 1),
  );
}

const keptSize = (node: Node): number => sizeOf(node.shape);

interface Domain {
  readonly operand: Node;
  readonly axes: readonly number[];
  readonly dims: readonly Dim[];
}

function domainOf(group: Group, context: LoweringContext): Domain {
  const core = group.core[0] as Node;
  if (core.op.kind !== "reduce") throw new Error("schedule: a reduce group without a reduction");
  const operand = core.inputs[0] as Node;
  const { axes } = core.op;
  const order = context.orderOf(operand);
  const dims = splitDims(operand.shape, hasPosition(group) ? inPositionOrder(order, axes) : order, axes);
  return { operand, axes, dims };
}

/** Whether the group looks for positions rather than values. */
function hasPosition(group: Group): boolean {
  return group.core.some((n) => n.op.kind === "reduce" && n.op.fn.startsWith("arg"));
}

/** Reduced axes are walked in logical order, so that the first of equal elements is met first. */
function inPositionOrder(order: Order, axes: readonly number[]): Order {
  const sorted = [...axes].sort((a, b) => a - b);
  let next = 0;
  return order.map((d) => (axes.includes(d) ? (sorted[next++] as number) : d));
}

/** Whether there are elements enough for two parts. */
const isLarge = ({ shape }: Node): boolean => sizeOf(shape) >= 2 * partElements;

/** Rows shorter than this, one after the other, are reduced as one. */
const shortRow = 64;

/** The domain of a reduction that is cut into parts: one loop, where all is reduced of short rows that lie one after the other. */
function domainInParts(group: Group, context: LoweringContext): Domain {
  const domain = domainOf(group, context);
  const { dims, operand } = domain;
  const isAll = dims.length > 1 && dims.every((d) => d.reduced) && !hasPosition(group);
  if (!isAll || !isLarge(operand) || (dims[dims.length - 1] as Dim).extent >= shortRow) return domain;
  const body = bodyOf(group, context, new Map());
  reductionsOf(group, body, coordinates(dims, operand.shape), domain);
  const merged = mergeDims(dims, indicesOf({ body, stores: [] }), operand.shape);
  return merged.length === 1 ? { ...domain, dims: merged } : domain;
}

function partCount(group: Group, { operand, dims }: Domain): { count: number; size: number } | null {
  const elements = sizeOf(operand.shape);
  const kept = keptSize(group.core[0] as Node);
  const outer = dims.find((d) => d.reduced);
  if (
    outer === undefined ||
    hasPosition(group) ||
    !isLarge(operand) ||
    kept * 32 > elements ||
    kept >= enoughResults
  )
    return null;
  const first = mergedOuter(dims);
  const wanted = Math.min(mostParts, Math.floor(elements / partElements), first);
  if (wanted < 2) return null;
  // A cut through the innermost loop keeps to whole vectors.
  const unit = dims[dims.length - 1] === outer ? 64 : 1;
  const size = Math.ceil(first / wanted / unit) * unit;
  return { count: Math.ceil(first / size), size };
}

/** Extent of the outermost reduced axis, which is what parts are cut from. */
function mergedOuter(dims: readonly Dim[]): number {
  return dims.find((d) => d.reduced)?.extent ?? 1;
}

function bodyOf(group: Group, context: LoweringContext, buffers: Map<number, Buffer>): ScalarBody {
  const own = nodesMadeBy(group, context);
  const core = new Map(group.core.map((n, i) => [n, i]));
  const load: Reach = reachBuffers(() => body, context, own, buffers);
  const body: ScalarBody = new ScalarBody((node, at, guards) => {
    const i = core.get(node);
    return i === undefined ? load(node, at, guards) : body.hole(i, valueTypeOf(node.dtype));
  });
  return body;
}

/** Stores at the kept point, made of the holes that the reductions fill. */
function epilogue(
  group: Group,
  body: ScalarBody,
  at: readonly Index[],
  shape: readonly number[],
  buffers: Map<number, Buffer>,
): BodyStore[] {
  return group.stores.map((s) => {
    buffers.set(s.buffer.id, s.buffer);
    const where = alignedCoordinates(at, shape, s.node);
    return {
      value: body.evaluate(s.node, where),
      buffer: s.buffer,
      index: placeIn(s.buffer, where),
    };
  });
}

function reductionsOf(group: Group, body: ScalarBody, at: readonly Index[], domain: Domain): Reduction[] {
  return group.core.map((node) => {
    if (node.op.kind !== "reduce") throw new Error("schedule: a reduce group holds only reductions");
    const value = body.evaluate(node.inputs[0] as Node, at);
    const { fn } = node.op;
    if (fn !== "argmax" && fn !== "argmin") return { fn, type: value.type, value, position: null };
    const sizes = domain.axes.map((d) => domain.operand.shape[d] as number);
    let position = linearize([], []);
    domain.axes.forEach((d, i) => {
      position = plus(times(position, sizes[i] as number), at[d] as Index);
    });
    return { fn, type: value.type, value, position: body.index(position) };
  });
}

/** Coordinates of the kept point: the reduced axes, of size 1 in the result, stand at 0. */
function keptCoordinates(at: readonly Index[], axes: readonly number[]): Index[] {
  return at.map((i, d) => (axes.includes(d) ? linearize([], []) : i));
}

/** Makes a kernel with loops over the domain, or over its axes taken apart. */
type Make = (dims: readonly Dim[], fine?: FineDomain) => ReduceKernel;

const coordinatesIn = (dims: readonly Dim[], shape: readonly number[], fine?: FineDomain): Index[] =>
  fine === undefined ? coordinates(dims, shape) : fine.whole(coordinates(dims, fine.shape));

function singleStage(group: Group, context: LoweringContext): ReduceKernel {
  const domain = domainOf(group, context);
  const { operand, axes } = domain;
  const make: Make = (dims, fine) => {
    const buffers = new Map<number, Buffer>();
    const body = bodyOf(group, context, buffers);
    const at = coordinatesIn(dims, operand.shape, fine);
    const reductions = reductionsOf(group, body, at, domain);
    const kept = keptCoordinates(at, axes);
    const keptShape = operand.shape.map((s, d) => (axes.includes(d) ? 1 : s));
    const stores = epilogue(group, body, kept, keptShape, buffers);
    return { body, dims, window: [], reductions, stores, buffers, part: null };
  };
  const trial = make(domain.dims);
  const inWindows = goesByWindows(context.target) ? byWindows(group, domain, trial, make, mergeDims) : null;
  return inWindows ?? merged(trial, make, operand.shape);
}

/** @param trial with a loop for each axis */
function merged(trial: ReduceKernel, make: Make, shape: readonly number[]): ReduceKernel {
  const dims = mergeDims(trial.dims, indicesOf(trial), shape);
  return dims.length === trial.dims.length ? trial : make(dims);
}

/**
 * The kernel that goes by windows of neighbours that share what they read, as the pixels under one maximum do in sums over a
 * gradient; null where there are none.
 *
 * @param trial with a loop for each axis
 * @param merge merges the loops around windows where it may
 */
function byWindows(
  group: Group,
  domain: Domain,
  trial: ReduceKernel,
  make: Make,
  merge: typeof mergeDims,
): ReduceKernel | null {
  const { operand, dims, axes } = domain;
  if (hasPosition(group) || dims[dims.length - 1]?.reduced !== false) return null;
  const fine = refine(dims, indicesOf(trial), operand.shape);
  if (fine === null) return null;
  const reduced = fine.parts.flatMap((parts, d) => (axes.includes(d) ? parts : []));
  const apart = splitDims(fine.shape, fine.order, reduced);
  const inParts = make(apart, fine);
  const windows = windowsOf(fine, apart, inParts.body);
  if (windows === null || !windows.inside.every((d) => d.reduced)) return null;
  const around = merge(windows.around, indicesOf(inParts), fine.shape);
  const last = around[around.length - 1] as Dim;
  return {
    ...make([...around.slice(0, -1), ...windows.inside, last], fine),
    window: windows.inside,
  };
}

function firstStage(
  group: Group,
  context: LoweringContext,
  partial: readonly Buffer[],
  { domain, ...parts }: { count: number; size: number; domain: Domain },
): ReduceKernel {
  const { operand } = domain;
  const part = { variable: variable("part", parts.count), ...parts };
  // Partial results lie as [part, kept axes in physical order].
  const keptDims = domain.dims.filter((d) => !d.reduced);
  const make: Make = (dims, fine) => {
    const buffers = new Map<number, Buffer>();
    const body = bodyOf(group, context, buffers);
    const at = coordinatesIn(dims, operand.shape, fine);
    const reductions = reductionsOf(group, body, at, domain);
    let index = ofAtom(part.variable);
    for (const d of keptDims) index = plus(times(index, d.extent), at[d.axes[0] as number] as Index);
    const stores = partial.map((buffer, i) => {
      buffers.set(buffer.id, buffer);
      return { value: body.hole(i, (reductions[i] as Reduction).type), buffer, index };
    });
    return { body, dims, window: [], reductions, stores, buffers, part };
  };
  // The reduced loop that is cut must stay on its own.
  const merge: typeof mergeDims = (dims, indices, shape) => {
    const outer = dims.findIndex((d) => d.reduced);
    return [
      ...mergeDims(dims.slice(0, outer), indices, shape),
      dims[outer] as Dim,
      ...mergeDims(dims.slice(outer + 1), indices, shape),
    ];
  };
  const trial = make(domain.dims);
  const inWindows = goesByWindows(context.target) ? byWindows(group, domain, trial, make, merge) : null;
  if (inWindows !== null && mergedOuter(inWindows.dims) === mergedOuter(domain.dims)) return inWindows;
  return make(merge(domain.dims, indicesOf(trial), operand.shape));
}

function secondStage(
  group: Group,
  context: LoweringContext,
  partial: readonly Buffer[],
  count: number,
): ReduceKernel {
  const { operand, axes, dims } = domainOf(group, context);
  const kept = dims.filter((d) => !d.reduced);
  const shape = operand.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  const order = kept.map((d) => d.axes[0] as number);
  return combineParts(group, context, { shape, order, partial, count, rowSize: null });
}

/** Where the parts of a cut reduction lie: [part, kept axes in `order`], each row padded to `rowSize`. */
interface Parts {
  readonly shape: readonly number[];
  readonly order: readonly number[];
  readonly partial: readonly Buffer[];
  readonly count: number;
  /** Elements between rows along the last axes of `order`, and how many axes a row spans; null where dense. */
  readonly rowSize: { readonly axes: number; readonly stride: number } | null;
}

function combineParts(group: Group, context: LoweringContext, parts: Parts): ReduceKernel {
  const { shape: keptShape, order, partial, count } = parts;
  // One more axis at the front of the shape stands for the parts.
  const shape = [count, ...keptShape];
  const apart: Dim[] = splitDims(shape, [0, ...order.map((d) => d + 1)], [0]);
  const make: Make = (dims) => {
    const buffers = new Map<number, Buffer>();
    const body = bodyOf(group, context, buffers);
    const [part, ...at] = coordinates(dims, shape) as [Index, ...Index[]];
    const index = partIndex(parts, part, at);
    const reductions = group.core.map((node, i): Reduction => {
      const buffer = partial[i] as Buffer;
      buffers.set(buffer.id, buffer);
      const value = body.load(buffer.id, buffer.dtype, index, []);
      return { fn: combineOf(node), type: value.type, value, position: null };
    });
    return {
      body,
      dims,
      window: [],
      reductions,
      stores: epilogue(group, body, at, keptShape, buffers),
      buffers,
      part: null,
    };
  };
  return merged(make(apart), make, shape);
}

function partIndex(parts: Parts, part: Index, at: readonly Index[]): Index {
  const { order, shape, rowSize } = parts;
  const rows = rowSize === null ? order.length : order.length - rowSize.axes;
  let row = part;
  for (const d of order.slice(0, rows)) row = plus(times(row, shape[d] as number), at[d] as Index);
  let column = linearize([], []);
  for (const d of order.slice(rows)) column = plus(times(column, shape[d] as number), at[d] as Index);
  return rowSize === null ? row : plus(times(row, rowSize.stride), column);
}

/** The second kernel of a contraction whose sum was cut into parts: adds them up and applies the epilogue. */
export function combineContraction(group: Group, context: LoweringContext, parts: Parts): LoweredCall {
  return emitReduce(combineParts(group, context, parts), context, "contraction_combine");
}

function combineOf(node: Node): ReduceFn {
  return node.op.kind === "reduce" ? node.op.fn : "sum";
}

/** A window of fewer elements is too short for vectors along it. */
const shortWindow = 16;

/** The kept dimension that vectors may run along: the innermost of all, or the one around windows side by side. */
function lastKept({ body, dims }: ReduceKernel, lanes: number): Dim | null {
  const at = dims.findLastIndex((d) => !d.reduced);
  const kept = dims[at];
  if (kept === undefined || at === dims.length - 1) return kept ?? null;
  const window = dims.slice(at + 1).reduce((count, d) => count * d.extent, 1);
  const { name } = kept.variable;
  // Elements that lie further apart come one by one, which costs less than functions of one element at a time.
  const farthest = body.all.some((s) => "fn" in s && isMath(s.fn)) ? Number.POSITIVE_INFINITY : pickedStride;
  // A guard that moves along the vectors is tested lane by lane, which is no reason to read so.
  const isRead = (s: Scalar): boolean => {
    if (s.kind !== "load") return true;
    const factor = factorOf(s.index, name);
    if (occursInside(s.index, name) || factor < 0 || factor > farthest) return false;
    return s.guards.every(({ index }) => slopeOf(index, name) === 0 || (factor > 0 && is32Bit(s.dtype)));
  };
  return window < Math.max(lanes, shortWindow) && body.all.every(isRead) ? kept : null;
}

/** Elements that are reduced to one without a loop, at most, and those along each axis. */
const mostInWindow = 16;
const longestSide = 4;

/** The reduced loops of which each step is code of its own: those over a window, or all over a few elements. */
function windowIn({ window, dims, part }: ReduceKernel): readonly Dim[] {
  if (window.length > 0 || part !== null) return window;
  const reduced = dims.filter((d) => d.reduced);
  const elements = reduced.reduce((count, d) => count * d.extent, 1);
  return elements <= mostInWindow && reduced.every((d) => d.extent <= longestSide) ? reduced : [];
}

function emitReduce(kernel: ReduceKernel, context: LoweringContext, name: string): LoweredCall {
  const buffers = new KernelBuffers(kernel.buffers);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(kernel.body, buffers, locals);
  const kept = kernel.dims.filter((d) => !d.reduced);
  const elements = kernel.dims.reduce((p, d) => p * d.extent, 1);
  const width = lanesFor(kernel.body.all, context.target.lanes);
  const last = lastKept(kernel, width);
  const keptWidth = last === null ? 1 : lanesAlong(last.extent, width);
  const along = keptWidth > 1 ? last : null;
  // Positions in a row of vectors would have to be compared across lanes: such rows go one element at a time.
  const acrossLanes = along === null && kernel.reductions.some((r) => r.position !== null);
  const lanes = along !== null ? keptWidth : acrossLanes ? 1 : width;
  const work = operationCount(kernel.body.all) + kernel.reductions.length;
  const window = along === null ? [] : windowIn(kernel);
  const reduced = kernel.dims.filter((d) => d.reduced && !window.includes(d));
  const chunks = new ReduceLoops({ kernel, emitter, chunk, kept, reduced, window, lanes, along }).emit(
    chunkCount(elements, work / 4),
  );
  return buffers.finish(name, chunks, chunk, emitter.finish(), work * elements);
}
