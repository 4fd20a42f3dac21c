import {
  add,
  binary,
  compare,
  constant,
  int,
  Locals,
  load,
  mul,
  store,
  use,
  when,
} from "../../kernel/build.ts";
import { type Expr, type Local, valueTypeOf } from "../../kernel/ir.ts";
import { extent } from "../contraction-plan.ts";
import { ofAtom, variable, zero } from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../plan.ts";
import { emitBlock, type RowStart, type TileAt, walkBlocks, wholeSum } from "./contraction-blocks.ts";
import { type Cuts, cutChunks } from "./contraction-cuts.ts";
import { contractionEpilogue, type Epilogue } from "./contraction-epilogue.ts";
import {
  bindRow,
  emitInline,
  hold,
  type Problem,
  positions,
  rowPlaces,
  rowStarts,
} from "./contraction-problem.ts";
import { makeAccumulators, type SummedLoop } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";
import { chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { type BodyStore, emitStores } from "./walk.ts";

/** Multiplications that a chunk should at least do. */
const chunkWork = 60_000;

/** The rows or columns of a chunk, and whether they are the last. */
interface Range {
  readonly from: Expr;
  readonly to: Expr;
  readonly isLast: Expr;
}

/** The part of the result that a chunk owns. */
interface Part {
  readonly m: Range;
  readonly n: Range;
}

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
    const cuts = cutChunks(
      batch,
      { tiles: rowTiles, elements: p.rowAccess.buffer.size / batch },
      { tiles: columnTiles, elements: p.column.buffer.size / batch },
      rows * columns,
      wanted,
    );
    const sums = this.#sumsOfRuns(summed);
    if (sums !== null) used.set(sums.id, sums);
    this.#chunkLoops(emitter, chunk, cuts, sums, stores);
    const flops = 2 * batch * rows * columns * summed * (p.clipped?.kept ?? 1);
    return kernel.finish("contraction", cuts.chunks, chunk, emitter.finish(), flops);
  }

  /** The stores as functions of the batch position `b`, the row `m` and the column `n`. */
  #epilogue(used: Map<number, Buffer>): Epilogue {
    const { spec, plan, batch, columns } = this.#p;
    const place = new Map([
      ...positions(spec, plan.batch, ofAtom(variable("b", batch))),
      ...rowPlaces(this.#p),
      ...positions(spec, plan.columns, ofAtom(variable("n", columns))),
    ]);
    return contractionEpilogue(this.#group, this.#context, place, used);
  }

  /** Memory for the sums of a tile's runs; null where each sum is one run. */
  #sumsOfRuns(summed: number): Buffer | null {
    const { tile, lanes, dtype } = this.#p;
    return summed > runSteps ? this.#context.scratch(dtype, tile.rows * tile.vectors * lanes) : null;
  }

  /** Which part of the result a chunk owns; binds its batch element. */
  #part(emitter: Emitter, chunk: Local, cuts: Cuts): Part {
    const { tile, rows, lanes, columns } = this.#p;
    let rest: Expr = use(chunk);
    const take = (name: string, { blocks }: Cuts["rows"]): Expr => {
      const block = emitter.define(name, binary("mod", rest, int(blocks)));
      rest = binary("idiv", rest, int(blocks));
      return block;
    };
    const firstRows = cuts.columnsFirst ? take("mb", cuts.rows) : null;
    const columnBlock = take("nb", cuts.columns);
    const rowBlock = firstRows ?? take("mb", cuts.rows);
    emitter.bind("b", emitter.define("b", rest));
    const width = tile.vectors * lanes;
    const range = (block: Expr, { tiles, blocks }: Cuts["rows"], size: number, most: number): Range => {
      const from = emitter.define("from", mul(block, int(tiles * size)));
      const to = emitter.define("to", binary("min", add(from, int(tiles * size)), int(most)));
      return { from, to, isLast: compare("eq", block, int(blocks - 1)) };
    };
    return {
      m: range(rowBlock, cuts.rows, tile.rows, rows - (rows % tile.rows)),
      n: range(columnBlock, cuts.columns, width, Math.ceil(columns / width) * width),
    };
  }

  #chunkLoops(
    emitter: Emitter,
    chunk: Local,
    cuts: Cuts,
    sums: Buffer | null,
    stores: readonly BodyStore[],
  ): void {
    const { tile, rows, lanes, columns } = this.#p;
    const part = this.#part(emitter, chunk, cuts);
    const width = tile.vectors * lanes;
    const wholeRows = rows - (rows % tile.rows);
    const wholeColumns = columns - (columns % width);
    const alongRows = (tiles: (m: Expr, height: number) => void): void => {
      if (wholeRows > 0) {
        emitter.loop("m0", part.m.from, part.m.to, tile.rows, (m) => tiles(use(m), tile.rows));
      }
      if (wholeRows < rows) {
        const last = emitter.block(() => tiles(int(wholeRows), rows - wholeRows));
        emitter.push(when(part.m.isLast, last));
      }
    };
    const alongColumns = (tiles: (n: Expr, vectors: number) => void): void => {
      if (wholeColumns > 0) {
        const end = emitter.define("end", binary("min", part.n.to, int(wholeColumns)));
        emitter.loop("n0", part.n.from, end, width, (n) => tiles(use(n), tile.vectors));
      }
      if (wholeColumns < columns) {
        const left = Math.ceil((columns - wholeColumns) / lanes);
        const last = emitter.block(() => tiles(int(wholeColumns), left));
        emitter.push(when(part.n.isLast, last));
      }
    };
    const one = (at: TileAt): void => this.#tile(emitter, at, sums, stores);
    if (!this.#p.plan.sharesColumns) {
      alongColumns((n, vectors) => alongRows((m, rows) => one({ m, n, rows, vectors })));
      return;
    }
    // Where both operands have the columns, those of a row lie side by side: they are read one after the other.
    alongRows((m, rows) => {
      const first = this.#rowStarts(emitter, m, int(0), rows);
      alongColumns((n, vectors) => {
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
    accumulators.forEach((list, i) => {
      list.forEach((c, v) => {
        this.#finish(emitter, { m: at.m, i, n: at.n, v, c }, stores);
      });
    });
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
    const loops = p.loops.map((loop) => this.#inside(emitter, at.m, loop));
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
    const keep = (i: number, v: number, value: Expr): void => emitter.push(store(buffer, place(i, v), value));
    for (let i = 0; i < at.rows; i++)
      for (let v = 0; v < at.vectors; v++) keep(i, v, constant(0, valueTypeOf(dtype), lanes));
    const { size } = p.loops[0] as SummedLoop;
    walkBlocks(emitter, p, { start: int(0), end: int(size), size }, runSteps, (block) => {
      const run = this.#fresh(emitter, at);
      emitBlock(emitter, p, block, at, run);
      run.forEach((list, i) => {
        list.forEach((c, v) => {
          keep(i, v, binary("add", held(i, v), use(c)));
        });
      });
    });
    return this.#fresh(emitter, at, held);
  }

  /** A loop with the bounds inside which it meets no padding, for the tile at row `m`. */
  #inside(emitter: Emitter, m: Expr, loop: SummedLoop): SummedLoop {
    const { clip } = loop;
    if (clip === undefined) return loop;
    let place: Expr = int(0);
    emitInline(emitter, () => {
      bindRow(emitter, this.#p, m, 0);
      place = hold(emitter, emitter.address(rowPlaces(this.#p).get(`x${clip.row}`) ?? zero));
    });
    const until = (edge: number): Expr =>
      mul(binary("sub", int(edge), mul(place, int(clip.stride))), int(clip.scale));
    const start = hold(emitter, binary("max", until(clip.low), int(0)));
    const end = hold(emitter, binary("min", until(clip.high), int(loop.size)));
    return { ...loop, bounds: { start, end } };
  }

  /** Runs the epilogue on one accumulator, without the lanes beyond the last column. */
  #finish(
    emitter: Emitter,
    at: { m: Expr; i: number; n: Expr; v: number; c: Local },
    stores: readonly BodyStore[],
  ): void {
    const { lanes, columns } = this.#p;
    const { m, i, n, v, c } = at;
    const rest = n.kind === "const" ? columns - n.value - v * lanes : lanes;
    if (rest <= 0) return;
    emitter.vectorized({ variable: "n", lanes, active: Math.min(rest, lanes) }, () =>
      this.#store(emitter, m, i, n, v * lanes, use(c), stores),
    );
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
      bindRow(emitter, this.#p, m, i);
      emitter.bind("n", n, offset);
      emitter.fill(0, hold(emitter, value));
      emitStores(emitter, stores);
    });
  }
}
