/**
 * Lowers a group of elementwise stores: one walk over their common domain, vectors along the axis that is innermost
 * in memory.
 */

import { sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { add, binary, int, Locals, mul, use } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import { type Index, linearize, slopeOf } from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext, Store } from "../plan.ts";
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

/** A store with its value and index as the body gives them. */
export interface BodyStore {
  readonly value: Scalar;
  readonly buffer: Buffer;
  readonly index: Index;
}

/** Runs stores where the emitter stands. All values come first: a store may overwrite what another is computed from. */
export function emitStores(emitter: Emitter, stores: readonly BodyStore[]): void {
  const values = stores.map((s) => emitter.value(s.value));
  stores.forEach((s, i) => {
    emitter.store(s.buffer.id, s.index, values[i] as Expr);
  });
}

/** Loads whatever has a buffer that the group does not fill itself. */
export function reachBuffers(
  body: () => ScalarBody,
  context: LoweringContext,
  own: ReadonlySet<Node>,
  used: Map<number, Buffer>,
): Reach {
  return (node, at, guards) => {
    const buffer = own.has(node) ? null : context.bufferOf(node);
    if (buffer === null) return null;
    used.set(buffer.id, buffer);
    return body().load(buffer.id, buffer.dtype, linearize(at, buffer.strides), guards);
  };
}

/** Coordinates of `node` at a point of a domain with the same extents apart from ones. */
export function alignedCoordinates(at: readonly Index[], shape: readonly number[], target: Node): Index[] {
  const moving = at.filter((_, d) => shape[d] !== 1);
  let next = 0;
  return target.shape.map((s) => (s === 1 ? linearize([], []) : (moving[next++] as Index)));
}

interface MapBody {
  readonly body: ScalarBody;
  readonly stores: readonly BodyStore[];
  readonly buffers: ReadonlyMap<number, Buffer>;
}

function evaluate(
  group: Group,
  dims: readonly Dim[],
  shape: readonly number[],
  context: LoweringContext,
): MapBody {
  const buffers = new Map<number, Buffer>();
  const own = new Set(group.stores.filter((s) => context.bufferOf(s.node) === s.buffer).map((s) => s.node));
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, own, buffers));
  const at = coordinates(dims, shape);
  const stores = group.stores.map((s) => bodyStore(s, alignedCoordinates(at, shape, s.node), body, buffers));
  return { body, stores, buffers };
}

function bodyStore(
  s: Store,
  at: readonly Index[],
  body: ScalarBody,
  buffers: Map<number, Buffer>,
): BodyStore {
  buffers.set(s.buffer.id, s.buffer);
  return { value: body.evaluate(s.node, at), buffer: s.buffer, index: linearize(at, s.buffer.strides) };
}

/**
 * The order in which most loads and stores lie in memory, where that is another than the one of the loops: what goes
 * across memory goes element by element. Null to keep the order.
 */
function walkOrder(dims: readonly Dim[], { body, stores }: MapBody): number[] | null {
  const votes = new Map<string, { order: number[]; count: number }>();
  const vote = (index: Index): void => {
    const strides = dims.map((d) => Math.abs(slopeOf(index, d.variable.name)));
    // What repeats along a dimension has no order of its own.
    if (strides.includes(0)) return;
    const places = dims.map((_, i) => i).sort((i, j) => (strides[j] as number) - (strides[i] as number));
    const order = places.flatMap((i) => (dims[i] as Dim).axes);
    const known = votes.get(order.join()) ?? { order, count: 0 };
    votes.set(order.join(), { order, count: known.count + 1 });
  };
  for (const s of body.all) if (s.kind === "load") vote(s.index);
  for (const s of stores) vote(s.index);
  const usual = votes.get(dims.flatMap((d) => d.axes).join())?.count ?? 0;
  const best = [...votes.values()].reduce((a, b) => (b.count > a.count ? b : a), { order: [], count: usual });
  return best.order.length > 0 ? best.order : null;
}

export function lowerMap(group: Group, context: LoweringContext): LoweredCall[] {
  const first = (group.stores[0] as Store).node;
  const { shape } = first;
  const usual = splitDims(shape, context.orderOf(first));
  const inUsual = evaluate(group, usual, shape, context);
  const order = walkOrder(usual, inUsual);
  const apart = order === null ? usual : splitDims(shape, order);
  const trial = order === null ? inUsual : evaluate(group, apart, shape, context);
  const dims = mergeDims(apart, [...indicesOf(trial.body.all), ...trial.stores.map((s) => s.index)], shape);
  const { body, stores, buffers } =
    dims.length === apart.length ? trial : evaluate(group, dims, shape, context);
  const kernel = new KernelBuffers(buffers);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const work = operationCount(body.all);
  const lanes = lanesAlong(dims[dims.length - 1]?.extent ?? 1, lanesFor(body.all, context.target.lanes));
  const plan = planChunks(dims, chunkCount(sizeOf(shape), work / 4), lanes);
  emitChunks(emitter, chunk, plan, lanes, () => emitStores(emitter, stores));
  return [kernel.finish("map", plan.chunks, chunk, emitter.finish(), work * sizeOf(shape))];
}

/** How the domain is cut: `serial` outer loops of one iteration per chunk, a blocked loop, then whole loops. */
interface ChunkPlan {
  readonly chunks: number;
  /** Loops whose every iteration is a chunk of its own (times the blocks of the next). */
  readonly lead: readonly Dim[];
  readonly blocked: Dim | null;
  readonly blockSize: number;
  readonly rest: readonly Dim[];
}

function planChunks(dims: readonly Dim[], wanted: number, lanes: number): ChunkPlan {
  let left = wanted;
  for (let i = 0; i < dims.length; i++) {
    const dim = dims[i] as Dim;
    if (dim.extent < left && i + 1 < dims.length) {
      left = Math.ceil(left / dim.extent);
      continue;
    }
    const unit = i === dims.length - 1 ? lanes : 1;
    const blockSize = Math.ceil(dim.extent / left / unit) * unit;
    const lead = dims.slice(0, i);
    const blocks = Math.ceil(dim.extent / blockSize);
    const chunks = lead.reduce((p, d) => p * d.extent, blocks);
    return { chunks, lead, blocked: dim, blockSize, rest: dims.slice(i + 1) };
  }
  return { chunks: 1, lead: [], blocked: null, blockSize: 0, rest: [] };
}

function emitChunks(emitter: Emitter, chunk: Local, plan: ChunkPlan, lanes: number, write: () => void): void {
  const { blocked } = plan;
  if (blocked === null) {
    write();
    return;
  }
  const blocks = Math.ceil(blocked.extent / plan.blockSize);
  let rest: Expr = use(chunk);
  const block = plan.lead.length === 0 ? rest : binary("mod", rest, int(blocks));
  rest = plan.lead.length === 0 ? int(0) : binary("idiv", rest, int(blocks));
  for (let i = plan.lead.length - 1; i >= 0; i--) {
    const dim = plan.lead[i] as Dim;
    const value = i === 0 ? rest : binary("mod", rest, int(dim.extent));
    emitter.bind(dim.variable.name, emitter.define(dim.variable.name, value));
    rest = i === 0 ? rest : binary("idiv", rest, int(dim.extent));
  }
  const start = blocks === 1 ? int(0) : emitter.define("start", mul(block, int(plan.blockSize)));
  const end =
    blocks === 1
      ? int(blocked.extent)
      : emitter.define("end", binary("min", add(start, int(plan.blockSize)), int(blocked.extent)));
  emitDims(emitter, [blocked, ...plan.rest], lanes, write, { start, end });
}

/** Loops over dims, the first between given bounds; vectors along the last, the rest of a row as part of one. */
function emitDims(
  emitter: Emitter,
  dims: readonly Dim[],
  lanes: number,
  body: () => void,
  bounds?: { start: Expr; end: Expr },
): void {
  const dim = dims[0];
  if (dim === undefined) {
    body();
    return;
  }
  const start = bounds?.start ?? int(0);
  const end = bounds?.end ?? int(dim.extent);
  const { name } = dim.variable;
  if (dims.length > 1) {
    emitter.loop(name, start, end, 1, () => emitDims(emitter, dims.slice(1), lanes, body));
    return;
  }
  const active = dim.extent % lanes;
  const whole = dim.extent - active;
  if (whole > 0) {
    const stop = bounds === undefined ? int(whole) : binary("min", end, int(whole));
    emitter.vectorized({ variable: name, lanes }, () => emitter.loop(name, start, stop, lanes, body));
  }
  if (active > 0) {
    const from = bounds === undefined ? int(whole) : binary("max", start, int(whole));
    emitter.vectorized({ variable: name, lanes, active }, () => emitter.loop(name, from, end, lanes, body));
  }
}
