/**
 * What walks over a domain share: stores of a scalar body, how the domain is cut into chunks, and the loops.
 */
import { add, binary, int, mul, use } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import type { Index } from "../index-math.ts";
import type { Buffer } from "../plan.ts";
import type { Scalar, ScalarBody } from "../scalar-body.ts";
import type { Dim } from "./domain.ts";
import type { Emitter } from "./emitter.ts";

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

/** A scalar body over a domain, with the buffers that it reads and fills. */
export interface WalkBody {
  readonly body: ScalarBody;
  readonly stores: readonly BodyStore[];
  readonly buffers: ReadonlyMap<number, Buffer>;
}

/** How the domain is cut: `serial` outer loops of one iteration per chunk, a blocked loop, then whole loops. */
export interface ChunkPlan {
  readonly chunks: number;
  /** Loops whose every iteration is a chunk of its own (times the blocks of the next). */
  readonly lead: readonly Dim[];
  readonly blocked: Dim | null;
  readonly blockSize: number;
  readonly rest: readonly Dim[];
}

export function planChunks(dims: readonly Dim[], wanted: number, lanes: number): ChunkPlan {
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

export function emitChunks(
  emitter: Emitter,
  chunk: Local,
  plan: ChunkPlan,
  lanes: number,
  write: () => void,
): void {
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

/** Where a loop runs if not from its first step to its last. */
interface Range {
  readonly start: Expr;
  readonly end: Expr;
}

/**
 * Loops over dims, the first between given bounds; vectors along the last, the rest of a row as part of one. What is padded
 * is walked in pieces: the padding before, what lies inside, the padding behind.
 */
function emitDims(
  emitter: Emitter,
  dims: readonly Dim[],
  lanes: number,
  body: () => void,
  bounds?: Range,
): void {
  const dim = dims[0];
  if (dim === undefined) {
    body();
    return;
  }
  const isLast = dims.length === 1;
  const { name } = dim.variable;
  // A row that is shared among chunks is not cut once more.
  const cuts = isLast && bounds !== undefined ? [0, dim.extent] : emitter.cuts(name, dim.extent);
  cuts.slice(1).forEach((to, i) => {
    const from = cuts[i] as number;
    if (isLast) {
      emitVectors(emitter, name, { from, to, lanes }, body, bounds);
      return;
    }
    const start = bounds === undefined ? int(from) : later(bounds.start, from);
    const end = bounds === undefined ? int(to) : sooner(bounds.end, to, dim.extent);
    emitter.loop(name, start, end, 1, () => {
      emitter.within(name, from, to);
      emitDims(emitter, dims.slice(1), lanes, body);
    });
  });
}

const later = (start: Expr, from: number): Expr => (from === 0 ? start : binary("max", start, int(from)));
const sooner = (end: Expr, to: number, extent: number): Expr =>
  to === extent ? end : binary("min", end, int(to));

/** The innermost loop from `from` to `to`, or the part of it between bounds. */
function emitVectors(
  emitter: Emitter,
  name: string,
  { from, to, lanes }: { readonly from: number; readonly to: number; readonly lanes: number },
  body: () => void,
  bounds?: Range,
): void {
  const active = (to - from) % lanes;
  const whole = to - active;
  const inside = (): void => {
    emitter.within(name, from, to);
    body();
  };
  if (whole > from) {
    const stop = bounds === undefined ? int(whole) : binary("min", bounds.end, int(whole));
    emitter.vectorized({ variable: name, lanes }, () =>
      emitter.loop(name, bounds?.start ?? int(from), stop, lanes, inside),
    );
  }
  if (active > 0) {
    const start = bounds === undefined ? int(whole) : binary("max", bounds.start, int(whole));
    emitter.vectorized({ variable: name, lanes, active }, () =>
      emitter.loop(name, start, bounds?.end ?? int(to), lanes, inside),
    );
  }
}
