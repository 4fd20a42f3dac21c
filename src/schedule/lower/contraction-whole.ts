import { add, binary, constant, int, Locals, load, mul, store } from "../../kernel/build.ts";
import { type Expr, type Local, valueTypeOf } from "../../kernel/ir.ts";
import { extent } from "../contraction-plan.ts";
import { ofAtom, variable, zero } from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../plan.ts";
import { emitBlock, type RowStart, type TileAt, walkBlocks, wholeSum } from "./contraction-blocks.ts";
import { type Cuts, cutChunks, cutForPanels } from "./contraction-cuts.ts";
import { contractionEpilogue, type Epilogue, finishTile } from "./contraction-epilogue.ts";
import { sumsInPanels } from "./contraction-panels.ts";
import {
  bindRow,
  columnOf,
  columnPlaces,
  emitInline,
  hold,
  type Problem,
  positions,
  rowPlaces,
  rowStarts,
} from "./contraction-problem.ts";
import { addTo, makeAccumulators, type SummedLoop } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";
import { chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { ResultPart } from "./result-part.ts";
import type { BodyStore } from "./walk.ts";

/** Multiplications that a chunk should at least do. */
const chunkWork = 60_000;

/**
 * Steps of a sum after which what has been added up goes to a sum of such: each term goes through as many roundings as one
 * of these has terms, not as many as there are terms.
 */
const runSteps = 1024;

/** Chunks own parts of the result; every sum is done in one go, a long one in runs, and the epilogue runs on the accumulators. */
export class WholeSums {
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
    const { rows, columns, batch } = p;
    const used = new Map<number, Buffer>([
      [p.rowAccess.buffer.id, p.rowAccess.buffer],
      [p.column.buffer.id, p.column.buffer],
    ]);
    const { body, stores } = this.#epilogue(used);
    const kernel = new KernelBuffers(used);
    const locals = new Locals();
    const chunk = chunkLocal(locals);
    const emitter = new Emitter(body, kernel, locals);
    const summed = extent(p.spec, p.plan.summed);
    const cuts = this.#cuts(
      Math.max(1, Math.min(64, Math.floor((batch * rows * columns * summed) / chunkWork))),
    );
    const part = new ResultPart(emitter, p, chunk, cuts);
    const scratch = (size: number): Buffer => {
      const buffer = this.#context.scratch(p.dtype, size);
      used.set(buffer.id, buffer);
      return buffer;
    };
    if (p.inPanels) sumsInPanels(emitter, p, { part, cuts, stores, scratch });
    else this.#tiles(emitter, part, this.#sumsOfRuns(summed, scratch), stores);
    const flops = 2 * batch * rows * columns * summed * (p.clippedColumns?.kept ?? p.clipped?.kept ?? 1);
    return kernel.finish("contraction", cuts.chunks, chunk, emitter.finish(), flops);
  }

  /** Cuts the result into about so many chunks. */
  #cuts(wanted: number): Cuts {
    const { rows, columns, batch, tile, lanes, rowAccess, column, inPanels } = this.#p;
    const rowTiles = Math.ceil(rows / tile.rows);
    const width = tile.vectors * lanes;
    const columnTiles = Math.ceil(columns / width);
    if (inPanels)
      return cutForPanels(batch, { tiles: rowTiles, size: tile.rows }, { tiles: columnTiles, size: width });
    return cutChunks(
      batch,
      { tiles: rowTiles, elements: rowAccess.buffer.size / batch },
      { tiles: columnTiles, elements: column.buffer.size / batch },
      rows * columns,
      wanted,
    );
  }

  /** The stores as functions of the batch position `b`, the row `m` and the column `n`. */
  #epilogue(used: Map<number, Buffer>): Epilogue {
    const { spec, plan, batch } = this.#p;
    const place = new Map([
      ...positions(spec, plan.batch, ofAtom(variable("b", batch))),
      ...rowPlaces(this.#p),
      ...columnPlaces(this.#p),
    ]);
    return contractionEpilogue(this.#group, this.#context, place, used);
  }

  /** Memory for the sums of a tile's runs; null where each sum is one run. */
  #sumsOfRuns(summed: number, scratch: (size: number) => Buffer): Buffer | null {
    const { tile, lanes } = this.#p;
    return summed > runSteps ? scratch(tile.rows * tile.vectors * lanes) : null;
  }

  #tiles(emitter: Emitter, part: ResultPart, sums: Buffer | null, stores: readonly BodyStore[]): void {
    const one = (at: TileAt): void => this.#tile(emitter, at, sums, stores);
    if (!this.#p.plan.sharesColumns) {
      part.alongColumns((n, vectors) => part.alongRows((m, rows) => one({ m, n, rows, vectors })));
      return;
    }
    // Where both operands have the columns, those of a row lie side by side: they are read one after the other.
    part.alongRows((m, rows) => {
      const first = this.#rowStarts(emitter, m, int(0), rows);
      part.alongColumns((n, vectors) => {
        if (this.#p.plan.run !== null) {
          one({ m, n, rows, vectors, starts: first });
          return;
        }
        const bases = new Map<Expr, Expr>();
        for (const { base } of first) if (!bases.has(base)) bases.set(base, hold(emitter, add(base, n)));
        const starts = first.map(({ base, offset }) => ({ base: bases.get(base) as Expr, offset }));
        one({ m, n, rows, vectors, starts });
      });
    });
  }

  #rowStarts(emitter: Emitter, m: Expr, n: Expr, rows: number): RowStart[] {
    const batch = ofAtom(variable("b", this.#p.batch));
    return rowStarts(emitter, this.#p, { batch, column: n }, m, rows);
  }

  #tile(emitter: Emitter, at: TileAt, sums: Buffer | null, stores: readonly BodyStore[]): void {
    const accumulators = sums === null ? this.#atOnce(emitter, at) : this.#inRuns(emitter, at, sums);
    finishTile(emitter, this.#p, at, accumulators, stores);
  }

  #fresh(
    emitter: Emitter,
    { rows, vectors }: TileAt,
    initial?: (row: number, vector: number) => Expr,
  ): Local[][] {
    const { lanes, dtype } = this.#p;
    return makeAccumulators(emitter, rows, { vectors, lanes, dtype }, initial);
  }

  /** A tile's sums, each in one go. */
  #atOnce(emitter: Emitter, at: TileAt): Local[][] {
    const p = this.#p;
    const accumulators = this.#fresh(emitter, at);
    const loops = p.loops.map((loop) => this.#inside(emitter, at, loop));
    emitBlock(emitter, p, { ...wholeSum(p), loops }, at, accumulators);
    return accumulators;
  }

  /** A tile's sums, added up in runs. */
  #inRuns(emitter: Emitter, at: TileAt, sums: Buffer): Local[][] {
    const p = this.#p;
    const { lanes, dtype } = p;
    const buffer = emitter.buffers.update(sums.id);
    const place = (i: number, v: number): Expr => int((i * at.vectors + v) * lanes);
    const held = (i: number, v: number): Expr => load(buffer, dtype, place(i, v), lanes);
    for (let i = 0; i < at.rows; i++)
      for (let v = 0; v < at.vectors; v++)
        emitter.push(store(buffer, place(i, v), constant(0, valueTypeOf(dtype), lanes)));
    const { size } = p.loops[0] as SummedLoop;
    walkBlocks(emitter, p, { start: int(0), end: int(size), size }, runSteps, (block) => {
      const run = this.#fresh(emitter, at);
      emitBlock(emitter, p, block, at, run);
      addTo(emitter, buffer, this.#p, place, run);
    });
    return this.#fresh(emitter, at, held);
  }

  /** A loop with the bounds inside which it meets no padding, for a tile. */
  #inside(emitter: Emitter, { m, n }: TileAt, loop: SummedLoop): SummedLoop {
    const { clip } = loop;
    if (clip === undefined) return loop;
    const { clippedColumns } = this.#p;
    const places = clippedColumns === null ? rowPlaces(this.#p) : columnPlaces(this.#p);
    let place: Expr = int(0);
    emitInline(emitter, () => {
      if (clippedColumns === null) bindRow(emitter, this.#p, m, 0);
      else for (const [name, value] of columnOf(emitter, this.#p, n)) emitter.bind(name, value);
      place = hold(emitter, emitter.address(places.get(`x${clip.row}`) ?? zero));
    });
    const until = (edge: number): Expr =>
      mul(binary("sub", int(edge), mul(place, int(clip.stride))), int(clip.scale));
    const start = hold(emitter, binary("max", until(clip.low), int(0)));
    const end = hold(emitter, binary("min", until(clip.high), int(loop.size)));
    return { ...loop, bounds: { start, end } };
  }
}
