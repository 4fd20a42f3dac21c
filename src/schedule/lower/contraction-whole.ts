import { add, binary, compare, int, Locals, mul, use, when } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import { extent } from "../contraction-plan.ts";
import { ofAtom, variable, zero } from "../index-math.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../plan.ts";
import { type Cuts, cutChunks } from "./contraction-cuts.ts";
import { contractionEpilogue, type Epilogue } from "./contraction-epilogue.ts";
import {
  bindRow,
  emitInline,
  hold,
  type Problem,
  positions,
  rowColumns,
  rowPlaces,
  rowStarts,
} from "./contraction-problem.ts";
import { emitTile, makeAccumulators, type SummedLoop, type Tile } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";
import { chunkLocal, KernelBuffers } from "./kernel-frame.ts";
import { type BodyStore, emitStores } from "./walk.ts";

/** Multiplications that a chunk should at least do. */
const chunkWork = 60_000;

/** The element of a row operand at which a row of the tile starts: a register plus a constant. */
type RowStart = Tile["rows"][number];

/** A tile's first row and column and its size. */
interface TilePlace {
  readonly m: Expr;
  readonly n: Expr;
  readonly rows: number;
  readonly vectors: number;
  /** Where its rows start, if that is known. */
  readonly starts?: readonly RowStart[];
}

/** Chunks own parts of the result; every sum is done in one go and the epilogue runs on the accumulators. */
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
    this.#chunkLoops(emitter, chunk, cuts, stores);
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

  #chunkLoops(emitter: Emitter, chunk: Local, cuts: Cuts, stores: readonly BodyStore[]): void {
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
    const range = (block: Expr, size: number, most: number): { from: Expr; to: Expr } => {
      const from = emitter.define("from", mul(block, int(size)));
      return { from, to: emitter.define("to", binary("min", add(from, int(size)), int(most))) };
    };
    const wholeRows = rows - (rows % tile.rows);
    const mRange = range(rowBlock, cuts.rows.tiles * tile.rows, wholeRows);
    const nRange = range(columnBlock, cuts.columns.tiles * width, Math.ceil(columns / width) * width);
    const wholeColumns = columns - (columns % width);
    const alongRows = (tiles: (m: Expr, height: number) => void): void => {
      if (wholeRows > 0) {
        emitter.loop("m0", mRange.from, mRange.to, tile.rows, (m) => tiles(use(m), tile.rows));
      }
      if (wholeRows < rows) {
        const last = emitter.block(() => tiles(int(wholeRows), rows - wholeRows));
        emitter.push(when(compare("eq", rowBlock, int(cuts.rows.blocks - 1)), last));
      }
    };
    const alongColumns = (tiles: (n: Expr, vectors: number) => void): void => {
      if (wholeColumns > 0) {
        const end = emitter.define("end", binary("min", nRange.to, int(wholeColumns)));
        emitter.loop("n0", nRange.from, end, width, (n) => tiles(use(n), tile.vectors));
      }
      if (wholeColumns < columns) {
        const left = Math.ceil((columns - wholeColumns) / lanes);
        const last = emitter.block(() => tiles(int(wholeColumns), left));
        emitter.push(when(compare("eq", columnBlock, int(cuts.columns.blocks - 1)), last));
      }
    };
    const one = (at: TilePlace): void => this.#tile(emitter, at, stores);
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

  #tile(emitter: Emitter, { m, n, rows, vectors, starts }: TilePlace, stores: readonly BodyStore[]): void {
    const p = this.#p;
    const { lanes, dtype } = p;
    const kernelBuffer = (b: Buffer): number => this.#use(emitter, b);
    const accumulators = makeAccumulators(emitter, rows, { vectors, lanes, dtype });
    const b = ofAtom(variable("b", p.batch));
    let column: Expr = int(0);
    emitInline(emitter, () => {
      emitter.bind("n", n);
      column = hold(emitter, emitter.address(p.column.start(b, ofAtom(variable("n", p.columns)))));
    });
    emitTile(
      emitter,
      {
        dtype,
        lanes,
        vectors,
        rowBuffer: kernelBuffer(p.rowAccess.buffer),
        rows: starts ?? this.#rowStarts(emitter, m, n, rows),
        rowColumns: rowColumns(p, n),
        columnBuffer: kernelBuffer(p.column.buffer),
        column,
        loops: p.loops.map((loop) => this.#inside(emitter, m, loop)),
        writesOut: p.writesOut,
        // A column operand that is laid out has zeros behind the last column.
        ...(n.kind === "const" && p.column.before.length === 0 ? { columns: p.columns - n.value } : {}),
      },
      accumulators,
    );
    accumulators.forEach((list, i) => {
      list.forEach((c, v) => {
        this.#finish(emitter, { m, i, n, v, c }, stores);
      });
    });
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

  #use(emitter: Emitter, buffer: Buffer): number {
    return emitter.buffers.use(buffer.id, "read");
  }
}
