/**
 * Row operands that chunks lay out themselves. Where rows are neighbours in memory and steps of the sum far apart, a tile
 * meets another line of the cache at each step, and often lines that displace each other. A chunk copies its rows for a
 * block of the sum to scratch memory, in panels as high as a tile: they come from memory once and are read front to back.
 */
import { add, binary, int, load, mul, store, use } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { ofAtom, variable } from "../index-math.ts";
import type { Buffer } from "../plan.ts";
import { lineElements } from "./cache.ts";
import type { Block, RowStart, TileAt } from "./contraction-blocks.ts";
import { emitInline, hold, type Problem, rowStarts } from "./contraction-problem.ts";
import type { SummedLoop } from "./contraction-tile.ts";
import type { Emitter } from "./emitter.ts";
import type { ResultPart } from "./result-part.ts";

/** Elements of a chunk's panels: they stay in the second-level cache. */
const panelElements = 65_536;
/** Steps of a block: with fewer, sums would be read and written too often; with more, each would go through more roundings. */
const blockSteps = { least: 128, most: 1024 };
/** Steps that are copied together: their lines stay in the first-level cache whatever lies between them. */
const copiedTogether = 8;

/** A place in the row operand and the one in the panels that it goes to, without what depends on the row. */
interface Copied {
  readonly from: Expr;
  readonly to: Expr;
}

export class RowPanels {
  readonly #emitter: Emitter;
  readonly #p: Problem;
  readonly #part: ResultPart;
  readonly #panels: Buffer;
  /** Elements from one panel to the next: a line more than it has, or the starts of all would displace each other. */
  readonly #apart: number;
  /** Steps of the sum that there is room for. */
  readonly steps: number;

  /**
   * @param tiles how many a chunk has along its rows, at most
   * @param scratch gives scratch memory of so many elements
   */
  constructor(
    emitter: Emitter,
    p: Problem,
    part: ResultPart,
    tiles: number,
    scratch: (size: number) => Buffer,
  ) {
    this.#emitter = emitter;
    this.#p = p;
    this.#part = part;
    const { rows } = p.tile;
    const fitting = Math.floor(panelElements / (tiles * rows));
    this.steps = Math.max(blockSteps.least, Math.min(blockSteps.most, fitting));
    this.#apart = this.steps * rows + lineElements;
    this.#panels = scratch(tiles * this.#apart);
  }

  /** The problem with the panels as its row operand. */
  get problem(): Problem {
    return { ...this.#p, rowAccess: { ...this.#p.rowAccess, buffer: this.#panels } };
  }

  /** Where the rows of a tile start. */
  starts({ m, rows }: TileAt): RowStart[] {
    const base = hold(this.#emitter, this.#panel(m));
    return Array.from({ length: rows }, (_, offset) => ({ base, offset }));
  }

  /** The first element of the panel of the tile at row `m`. */
  #panel(m: Expr): Expr {
    const tile = binary("idiv", binary("sub", m, this.#part.rows.from), int(this.#p.tile.rows));
    return mul(tile, int(this.#apart));
  }

  /** Copies a block of the sum, and gives it as it lies in the panels. */
  lay(block: Block): Block {
    const loops = this.#inPanels(block.loops);
    this.#walk(block, loops, 0, { from: block.rowAt, to: int(0) });
    const [outer] = loops as [SummedLoop];
    const rowAt = hold(this.#emitter, mul(outer.bounds?.start ?? int(0), int(-outer.rowStride)));
    return { loops, rowAt, columnAt: block.columnAt };
  }

  /** Loops with the distances that steps have in panels. */
  #inPanels(loops: readonly SummedLoop[]): SummedLoop[] {
    const { rows } = this.#p.tile;
    return loops.map((loop, i) => ({
      ...loop,
      rowStride: loops.slice(i + 1).reduce((n, { size }) => n * size, rows),
    }));
  }

  #walk(block: Block, inPanels: readonly SummedLoop[], depth: number, at: Copied): void {
    const emitter = this.#emitter;
    const [loop, laid] = [block.loops[depth], inPanels[depth]] as [SummedLoop, SummedLoop];
    const start = loop.bounds?.start ?? int(0);
    const end = loop.bounds?.end ?? int(loop.size);
    const step = (k: Expr): Copied => ({
      from: hold(emitter, add(at.from, mul(k, int(loop.rowStride)))),
      to: hold(emitter, add(at.to, mul(binary("sub", k, start), int(laid.rowStride)))),
    });
    if (depth < block.loops.length - 1) {
      emitter.loop("c", start, end, 1, (k) => this.#walk(block, inPanels, depth + 1, step(use(k))));
      return;
    }
    const steps = binary("and", binary("sub", end, start), int(-copiedTogether));
    const together = hold(emitter, add(start, steps));
    const copy = (k: Expr, count: number): void => this.#copy(step(k), loop.rowStride, count);
    emitter.loop("c", start, together, copiedTogether, (k) => copy(use(k), copiedTogether));
    emitter.loop("c", together, end, 1, (k) => copy(use(k), 1));
  }

  /** Copies all rows for some steps of the innermost loop. */
  #copy(at: Copied, stride: number, steps: number): void {
    const emitter = this.#emitter;
    const { dtype, lanes, tile, rowAccess, batch } = this.#p;
    const from = emitter.buffers.use(rowAccess.buffer.id, "read");
    const to = emitter.buffers.use(this.#panels.id, "write");
    const place = { batch: ofAtom(variable("b", batch)), column: int(0) };
    this.#part.alongRows((m, height) =>
      emitInline(emitter, () => {
        const runs = neighbours(rowStarts(emitter, this.#p, place, m, height));
        const panel = hold(emitter, add(this.#panel(m), at.to));
        const sources = runs.map(({ base }) => hold(emitter, add(base, at.from)));
        for (let step = 0; step < steps; step++) {
          runs.forEach(({ offset, first, count }, r) => {
            for (let i = 0; i < count; i += lanes) {
              const active = Math.min(lanes, count - i);
              const source = add(sources[r] as Expr, int(offset + i + step * stride));
              const value = load(from, dtype, source, lanes, active);
              emitter.push(store(to, add(panel, int(step * tile.rows + first + i)), value, active));
            }
          });
        }
      }),
    );
  }
}

/** Rows of a tile that lie one after the other. */
interface Run extends RowStart {
  /** The first of them, and how many they are. */
  readonly first: number;
  readonly count: number;
}

function neighbours(rows: readonly RowStart[]): Run[] {
  const runs: Run[] = [];
  rows.forEach(({ base, offset }, first) => {
    const last = runs[runs.length - 1];
    const follows = last !== undefined && last.base === base && offset === last.offset + last.count;
    if (follows) runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ base, offset, first, count: 1 });
  });
  return runs;
}
