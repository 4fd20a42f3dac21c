/**
 * Contractions whose chunks own parts of the result and lay their rows out, block by block of the sum: large results of
 * long sums over rows that lie across them, as the gradient of a wide layer's input. All sums of a chunk stay in scratch
 * memory from one block to the next.
 */
import { add, binary, constant, int, load, mul, store, use } from "../../kernel/build.ts";
import { type Expr, type Local, valueTypeOf } from "../../kernel/ir.ts";
import type { Buffer } from "../plan.ts";
import { type Block, emitBlock, type TileAt, walkBlocks } from "./contraction-blocks.ts";
import type { Cuts } from "./contraction-cuts.ts";
import { finishTile } from "./contraction-epilogue.ts";
import type { Problem } from "./contraction-problem.ts";
import { addTo, makeAccumulators, type SummedLoop } from "./contraction-tile.ts";
import type { Emitter } from "./emitter.ts";
import type { ResultPart } from "./result-part.ts";
import { RowPanels } from "./row-panels.ts";
import type { BodyStore } from "./walk.ts";

/** What a chunk works with. */
export interface Chunk {
  readonly part: ResultPart;
  readonly cuts: Cuts;
  readonly stores: readonly BodyStore[];
  /** Scratch memory of so many elements. */
  scratch(size: number): Buffer;
}

export function sumsInPanels(emitter: Emitter, p: Problem, { part, cuts, stores, scratch }: Chunk): void {
  const { dtype, lanes, tile } = p;
  const panels = new RowPanels(emitter, p, part, cuts.rows.tiles, scratch);
  const rowSize = cuts.columns.tiles * tile.vectors * lanes;
  const size = cuts.rows.tiles * tile.rows * rowSize;
  const buffer = emitter.buffers.update(scratch(size).id);
  const fresh = (at: TileAt, initial?: (row: number, vector: number) => Expr): Local[][] =>
    makeAccumulators(emitter, at.rows, { vectors: at.vectors, lanes, dtype }, initial);
  const tiles = (visit: (at: TileAt) => void): void =>
    part.alongColumns((n, vectors) => part.alongRows((m, rows) => visit({ m, n, rows, vectors })));
  const place =
    ({ m, n }: TileAt) =>
    (i: number, v: number): Expr => {
      const row = mul(binary("sub", m, part.rows.from), int(rowSize));
      return add(add(row, binary("sub", n, part.columns.from)), int(i * rowSize + v * lanes));
    };
  emitter.loop("z", int(0), int(size), lanes, (z) => {
    emitter.push(store(buffer, use(z), constant(0, valueTypeOf(dtype), lanes)));
  });
  const products = (block: Block, at: TileAt): Local[][] => {
    const sums = fresh(at);
    emitBlock(emitter, panels.problem, block, { ...at, starts: panels.starts(at) }, sums);
    return sums;
  };
  const outer = (p.loops[0] as SummedLoop).size;
  walkBlocks(emitter, p, { start: int(0), end: int(outer), size: outer }, panels.steps, (block) => {
    const laidOut = panels.lay(block);
    tiles((at) => addTo(emitter, buffer, p, place(at), products(laidOut, at)));
  });
  tiles((at) => {
    const sum = place(at);
    const sums = fresh(at, (i, v) => load(buffer, dtype, sum(i, v), lanes));
    finishTile(emitter, p, at, sums, stores);
  });
}
