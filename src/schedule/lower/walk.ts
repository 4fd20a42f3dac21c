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
