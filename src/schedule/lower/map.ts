/**
 * Lowers a group of elementwise stores: one walk over their common domain, vectors along the axis that is innermost
 * in memory.
 */

import { type Shape, sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { Locals } from "../../kernel/build.ts";
import { type Index, linearize, slopeOf, zero } from "../index-math.ts";
import { mergedAxes } from "../merged-axes.ts";
import { rowMajorStrides } from "../order.ts";
import {
  type Buffer,
  type Group,
  type LoweredCall,
  type LoweringContext,
  nodesMadeBy,
  placeIn,
  type Store,
} from "../plan.ts";
import { type Reach, ScalarBody } from "../scalar-body.ts";
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
import { type FineDomain, refine } from "./refine.ts";
import { lowerTurned } from "./turned.ts";
import { type BodyStore, emitChunks, emitStores, planChunks, type WalkBody } from "./walk.ts";
import { emitWindow, goesByWindows, type Windows, windowsOf } from "./windows.ts";

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
    return body().load(buffer.id, buffer.dtype, placeIn(buffer, at), guards);
  };
}

/**
 * The coordinates of an element of `target` where loops over `shape` are at `at`: the same but for axes of size 1, and where
 * several axes of `shape` are one of the target.
 */
export function alignedCoordinates(at: readonly Index[], shape: Shape, target: Node): Index[] {
  const moving = at.filter((_, d) => shape[d] !== 1);
  const sizes = shape.filter((s) => s !== 1);
  const counts = mergedAxes(shape, target.shape) as number[];
  let [axis, next] = [0, 0];
  return target.shape.map((s) => {
    if (s === 1) return zero;
    const first = next;
    next += counts[axis++] as number;
    if (next === first + 1) return moving[first] as Index;
    return linearize(moving.slice(first, next), rowMajorStrides(sizes.slice(first, next)));
  });
}

function evaluate(
  group: Group,
  dims: readonly Dim[],
  shape: readonly number[],
  context: LoweringContext,
  fine?: FineDomain,
): WalkBody {
  const buffers = new Map<number, Buffer>();
  const own = nodesMadeBy(group, context);
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, own, buffers));
  const at = fine === undefined ? coordinates(dims, shape) : fine.whole(coordinates(dims, fine.shape));
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
  return { value: body.evaluate(s.node, at), buffer: s.buffer, index: placeIn(s.buffer, at) };
}

/**
 * The order in which most loads and stores lie in memory, where that is another than the one of the loops: what goes
 * across memory goes element by element. Null to keep the order.
 */
function walkOrder(dims: readonly Dim[], { body, stores }: WalkBody): number[] | null {
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

/** The walk in blocks that are turned in registers, where there is one; along parts of axes if need be. */
function turnedMap(
  group: Group,
  usual: readonly Dim[],
  inUsual: WalkBody,
  context: LoweringContext,
): LoweredCall | null {
  const { shape } = (group.stores[0] as Store).node;
  const { lanes } = context.target;
  const of = (dims: readonly Dim[]): WalkBody => evaluate(group, dims, shape, context);
  const whole = lowerTurned({ name: "map", shape, usual, inUsual, evaluate: of }, lanes);
  if (whole !== null) return whole;
  const fine = refine(usual, indicesOf(inUsual), shape);
  if (fine === null) return null;
  const inParts = (dims: readonly Dim[]): WalkBody => evaluate(group, dims, shape, context, fine);
  const parts = splitDims(fine.shape, fine.order);
  const walk = { name: "map", shape: fine.shape, usual: parts, inUsual: inParts(parts), evaluate: inParts };
  return lowerTurned(walk, lanes);
}

export function lowerMap(group: Group, context: LoweringContext): LoweredCall[] {
  const first = (group.stores[0] as Store).node;
  const { shape } = first;
  const usual = splitDims(shape, context.orderOf(first));
  const inUsual = evaluate(group, usual, shape, context);
  const turned = turnedMap(group, usual, inUsual, context);
  if (turned !== null) return [turned];
  const order = walkOrder(usual, inUsual);
  const apart = order === null ? usual : splitDims(shape, order);
  const trial = order === null ? inUsual : evaluate(group, apart, shape, context);
  return [windowedMap(group, apart, trial, context) ?? plainMap(group, apart, trial, context)];
}

function plainMap(
  group: Group,
  apart: readonly Dim[],
  trial: WalkBody,
  context: LoweringContext,
): LoweredCall {
  const { shape } = (group.stores[0] as Store).node;
  const dims = mergeDims(apart, indicesOf(trial), shape);
  const walk = dims.length === apart.length ? trial : evaluate(group, dims, shape, context);
  return emitMap(walk, { around: dims, inside: [] }, sizeOf(shape), context);
}

/** The walk by windows of neighbours that share what they read; null where there are none. */
function windowedMap(
  group: Group,
  apart: readonly Dim[],
  trial: WalkBody,
  context: LoweringContext,
): LoweredCall | null {
  if (!goesByWindows(context.target)) return null;
  const { shape } = (group.stores[0] as Store).node;
  const fine = refine(apart, indicesOf(trial), shape);
  if (fine === null) return null;
  const inParts = (dims: readonly Dim[]): WalkBody => evaluate(group, dims, shape, context, fine);
  const parts = splitDims(fine.shape, fine.order);
  const walk = inParts(parts);
  const windows = windowsOf(fine, parts, walk.body);
  if (windows === null) return null;
  const around = mergeDims(windows.around, indicesOf(walk), fine.shape);
  const merged = { around, inside: windows.inside };
  return emitMap(inParts([...around, ...windows.inside]), merged, sizeOf(shape), context);
}

function emitMap(
  walk: WalkBody,
  { around, inside }: Windows,
  size: number,
  context: LoweringContext,
): LoweredCall {
  const { body, stores, buffers } = walk;
  const kernel = new KernelBuffers(buffers);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const work = operationCount(body.all);
  const lanes = lanesAlong(around[around.length - 1]?.extent ?? 1, lanesFor(body.all, context.target.lanes));
  const plan = planChunks(around, chunkCount(size, work / 4), lanes);
  const write = (): void => emitWindow(emitter, inside, () => emitStores(emitter, stores));
  emitChunks(emitter, chunk, plan, lanes, write);
  return kernel.finish("map", plan.chunks, chunk, emitter.finish(), work * size);
}
