/**
 * Walks that read along one axis and write along another, as from N, C, H, W to N, H, W, C: in square blocks that are
 * turned in registers. Element by element such a walk touches a cache line for each element, and where the axes are powers
 * of two, lines that displace each other before their neighbours are read.
 */
import { sizeOf } from "../../base/shape.ts";
import { add, binary, compare, int, Locals, mul, select, use, when } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { factorOf, type Index, occursInside, ofAtom, slopeOf, variable } from "../index-math.ts";
import type { LoweredCall } from "../plan.ts";
import type { Guard, LoadScalar, Scalar, ScalarBody } from "../scalar-body.ts";
import { cacheSets, cacheWays, lineElements } from "./cache.ts";
import { type Dim, indicesOf, mergeDims, splitDims } from "./domain.ts";
import { Emitter } from "./emitter.ts";
import { chunkCount, chunkLocal, KernelBuffers, lanesFor, operationCount } from "./kernel-frame.ts";
import { liesAlong } from "./transpose.ts";
import { type BodyStore, emitChunks, emitStores, planChunks, type WalkBody } from "./walk.ts";

/** A walk over the elements of a domain, as it would be without blocks. */
export interface Walk {
  readonly name: string;
  readonly shape: readonly number[];
  readonly usual: readonly Dim[];
  readonly inUsual: WalkBody;
  evaluate(dims: readonly Dim[]): WalkBody;
}

/**
 * The kernel of a walk in the order of what is stored, in blocks of at most `lanes`; null where nothing is read along
 * another axis, or it cannot be turned.
 */
export function lowerTurned(
  { name, shape, usual, inUsual, evaluate }: Walk,
  lanes: number,
): LoweredCall | null {
  const stored = (inUsual.stores[0] as BodyStore).index;
  const step = (index: Index, d: Dim): number => slopeOf(index, d.variable.name);
  const last = usual.find((d) => step(stored, d) === 1);
  const isTurned = (s: Scalar): boolean =>
    s.kind === "load" &&
    last !== undefined &&
    step(s.index, last) > 1 &&
    usual.some((d) => step(s.index, d) === 1);
  const width = lanesFor(inUsual.body.all, lanes);
  if (width === 1 || !inUsual.body.all.some(isTurned)) return null;
  const order = [...usual].sort((a, b) => step(stored, b) - step(stored, a)).flatMap((d) => d.axes);
  const apart = splitDims(shape, order);
  const trial = evaluate(apart);
  const dims = mergeDims(apart, indicesOf(trial), shape);
  const { body, stores, buffers } = dims.length === apart.length ? trial : evaluate(dims);
  const walk = turnedWalk(dims, { body, stores, buffers }, width);
  if (walk === null) return null;
  const work = operationCount(body.all);
  const kernel = new KernelBuffers(buffers);
  const locals = new Locals();
  const chunk = chunkLocal(locals);
  const emitter = new Emitter(body, kernel, locals);
  const plan = planChunks(walk.outer, chunkCount(sizeOf(shape), work / 4), 1);
  emitChunks(emitter, chunk, plan, 1, () => walk.emit(emitter, () => emitStores(emitter, stores)));
  return kernel.finish(name, plan.chunks, chunk, emitter.finish(), work * sizeOf(shape));
}

/** A walk over square blocks. */
interface TurnedWalk {
  /** The loops around the blocks, which may be cut into chunks in any way. */
  readonly outer: readonly Dim[];
  /** Emits what is inside them; `write` emits the stores of one point. */
  emit(emitter: Emitter, write: () => void): void;
}

/** The axes of the blocks: what is stored lies along `across`, what is read along `along`. */
interface Block {
  readonly along: Dim;
  readonly across: Dim;
  readonly size: number;
  /** Elements along `along` that are done before the next ones along `across`. */
  readonly run: number;
  /** Elements along `across` that are done for each block along `along`. */
  readonly tile: number;
  /** Positions along `along` where all guards on it hold. */
  readonly from: number;
  readonly to: number;
  /** Those that depend on the loops around alone. */
  readonly guards: readonly Guard[];
}

const smallest = 4;
/** Lines that are read one after the other where what is stored of them lies so near. */
const near = { lines: 4, elements: 1024 };
/** Sets of the cache in which lines do not displace each other for long. */
const enoughSets = 16;
/**
 * Elements up to which lines that would displace each other are stored whole, one after the other, for a few rows at a time.
 * What the last cache does not hold is stored faster a part of a line at a time, along many lines: memory follows these.
 */
const mostInTiles = 2 ** 21;

/** Plans a walk over blocks of at most `lanes`; null where nothing is to be turned, or what is cannot be. */
function turnedWalk(dims: readonly Dim[], of: WalkBody, lanes: number): TurnedWalk | null {
  const block = blockOf(dims, of, lanes);
  if (block === null) return null;
  const outer = dims.filter((d) => d !== block.along && d !== block.across);
  const { along, size, from, to } = block;
  if (from > 0 || to < along.extent) {
    if (outer.length === 0) return null;
    return {
      outer,
      emit: (emitter, write) => {
        edges(emitter, block, write);
        guarded(emitter, block, (inside) => {
          emitter.loop("line", int(0), int(linesOf(block)), 1, (line) =>
            lines(emitter, block, use(line), inside, write),
          );
        });
      },
    };
  }
  // A matrix of a few columns is read line by line in any order, and a block that begins inside another computes twice.
  if (outer.length === 0 && overlaps(block) && along.extent < lineElements) return null;
  const extent = linesOf(block);
  const line: Dim = { variable: variable("line", extent), extent, axes: [], reduced: false };
  // As what is stored lies in memory: images one after the other, say, rather than a pixel of each at a time.
  const stored = (of.stores[0] as BodyStore).index;
  const apart = factorOf(stored, along.variable.name) * size * groupOf(block);
  const inside = outer.findIndex((d) => slopeOf(stored, d.variable.name) < apart);
  const before = inside < 0 ? outer.length : inside;
  return {
    outer: [...outer.slice(0, before), line, ...outer.slice(before)],
    emit: (emitter, write) =>
      guarded(emitter, block, (inside) =>
        lines(emitter, block, emitter.address(ofAtom(line.variable)), inside, write),
      ),
  };
}

const tilesOf = ({ size, from, to }: Block): number => Math.ceil((to - from) / size);
const groupOf = ({ run, size }: Block): number => Math.max(1, run / size);

/** Lines of blocks. A last block that begins inside the one before is in a line with it: no other thread has that one. */
function linesOf(block: Block): number {
  const [tiles, group] = [tilesOf(block), groupOf(block)];
  return overlaps(block) ? Math.max(1, Math.floor((tiles - 1) / group)) : Math.ceil(tiles / group);
}

const overlaps = ({ size, from, to }: Block): boolean => (to - from) % size !== 0;

function blockOf(dims: readonly Dim[], { body, stores, buffers }: WalkBody, lanes: number): Block | null {
  const across = dims.find((d) => stores.every((s) => factorOf(s.index, d.variable.name) === 1));
  if (across === undefined || lanes < smallest) return null;
  const loads = body.all.filter((s): s is LoadScalar => s.kind === "load");
  const strided = loads.filter((s) => factorOf(s.index, across.variable.name) > 1);
  const along = dims.find(
    (d) => d !== across && strided.every((s) => liesAlong(s, d.variable.name, across.variable.name)),
  );
  if (strided.length === 0 || along === undefined) return null;
  const [i, j] = [along.variable.name, across.variable.name];
  // What is overwritten in place is gone when the last block of a row, which begins inside the one before, is read.
  const places = (id: number): unknown => buffers.get(id)?.slot ?? `b${id}`;
  const written = new Set(stores.map((s) => places(s.buffer.id)));
  if (loads.some((s) => written.has(places(s.buffer)))) return null;
  if (stores.some((s) => occursInside(s.index, i) || occursInside(s.index, j))) return null;
  const inside = insideOf(body, i, j, along.extent);
  if (inside === null) return null;
  let size = lanes;
  while (size > Math.min(across.extent, inside.to - inside.from)) size /= 2;
  if (size < smallest) return null;
  const stored = Math.max(...stores.map((s) => factorOf(s.index, i)));
  const run = runOf(stored, Math.max(...strided.map((s) => factorOf(s.index, j))), size);
  const elements = sizeOf(dims.map((d) => d.extent));
  const displaced = cacheSets(stored) === 1 && run > fittingIn(stored) && elements <= mostInTiles;
  const inTiles = displaced && across.extent % lineElements === 0;
  return { along, across, size, run, tile: inTiles ? lineElements : size, ...inside };
}

/**
 * How much is read of each row before the next one: whole lines, or less where the lines that are stored, each a part at a
 * time, would displace each other. What is left of a line is read later from the second-level cache, unless lines of the
 * rows displace each other there.
 *
 * @param stored how far apart neighbours of a row are stored
 * @param read how far apart rows are read
 */
function runOf(stored: number, read: number, size: number): number {
  const least = cacheSets(read) >= enoughSets ? size : lineElements;
  const most = lineElements * (stored <= near.elements ? near.lines : 1);
  return Math.max(least, Math.min(most, fittingIn(stored)));
}

/** Lines so far apart that do not displace each other while they are stored a part at a time. */
const fittingIn = (stored: number): number => (cacheSets(stored) * cacheWays) / 2;

/** Where along `i` all guards hold; null where they are not plain bounds, or depend on `j`. */
function insideOf(
  body: ScalarBody,
  i: string,
  j: string,
  extent: number,
): Pick<Block, "from" | "to" | "guards"> | null {
  let [from, to] = [0, extent];
  const around = new Map<string, Guard>();
  for (const s of body.all) {
    if (s.kind !== "load" && s.kind !== "inside") continue;
    for (const guard of s.guards) {
      const { index, low, high } = guard;
      if (occursInside(index, i) || occursInside(index, j) || factorOf(index, j) !== 0) return null;
      if (factorOf(index, i) === 0) {
        around.set(`${index.key} ${low} ${high}`, guard);
        continue;
      }
      if (factorOf(index, i) !== 1 || index.terms.length > 1) return null;
      from = Math.max(from, low - index.offset);
      to = Math.min(to, high - index.offset);
    }
  }
  return { from, to, guards: [...around.values()] };
}

/** What lies outside the blocks, element by element where it is read. */
function edges(emitter: Emitter, block: Block, write: () => void): void {
  const { along, from, to } = block;
  for (const [first, end] of [
    [0, from],
    [to, along.extent],
  ] as const) {
    if (first === end) continue;
    const { name } = along.variable;
    emitter.loop(name, int(first), int(end), 1, () => {
      emitter.within(name, first, end);
      acrossBlocks(emitter, block, (vectors) => vectors(write));
    });
  }
}

/** Emits blocks twice where guards stand around them: once for where they hold, which is nearly everywhere. */
function guarded(emitter: Emitter, { guards }: Block, blocks: (inside: number | null) => void): void {
  if (guards.length === 0) {
    blocks(null);
    return;
  }
  const condition = emitter.holds(guards);
  if (condition.kind === "const") {
    blocks(condition.value === 0 ? null : emitter.depth);
    return;
  }
  const inside = emitter.block(() => blocks(emitter.depth));
  emitter.push(
    when(
      condition,
      inside,
      emitter.block(() => blocks(null)),
    ),
  );
}

/** The blocks that begin in one line, for all of what is stored. */
function lines(emitter: Emitter, block: Block, line: Expr, inside: number | null, write: () => void): void {
  const { along, size, from, to } = block;
  const [tiles, group] = [tilesOf(block), groupOf(block)];
  acrossBlocks(emitter, block, (vectors) => {
    const first = emitter.define("first", mul(line, int(group)));
    const next = add(first, int(group));
    const isLast = compare("eq", line, int(linesOf(block) - 1));
    const end = overlaps(block) ? select(isLast, int(tiles), next) : binary("min", next, int(tiles));
    emitter.loop("block", first, emitter.define("end", end), 1, (tile) => {
      const start = add(mul(use(tile), int(size)), int(from));
      const at = overlaps(block) ? binary("min", start, int(to - size)) : start;
      const base = emitter.define("at", at);
      vectors(() => emitter.turned(along.variable.name, base, inside, write));
    });
  });
}

/**
 * Runs `body` for each tile along what is stored, where it runs what it is given for each vector of it; the last one ends
 * with the row.
 */
function acrossBlocks(
  emitter: Emitter,
  { across, size, tile }: Block,
  body: (vectors: (one: () => void) => void) => void,
): void {
  const { extent } = across;
  const { name } = across.variable;
  const single = (): void => body((one) => one());
  emitter.vectorized({ variable: name, lanes: size }, () => {
    if (tile > size) {
      emitter.loop("tile", int(0), int(extent), tile, (start) =>
        body((one) => emitter.loop(name, use(start), add(use(start), int(tile)), size, one)),
      );
      return;
    }
    if (extent % size === 0) {
      emitter.loop(name, int(0), int(extent), size, single);
      return;
    }
    emitter.loop("vector", int(0), int(Math.ceil(extent / size)), 1, (v) => {
      emitter.bind(name, emitter.define(name, binary("min", mul(use(v), int(size)), int(extent - size))));
      single();
    });
  });
}
