/** The part of a contraction's result that a chunk owns, and the order of its tiles. */
import { add, binary, compare, int, mul, use, when } from "../../kernel/build.ts";
import type { Expr, Local } from "../../kernel/ir.ts";
import type { Cuts } from "./contraction-cuts.ts";
import type { Problem } from "./contraction-problem.ts";
import type { Emitter } from "./emitter.ts";

/** The rows or columns of a chunk, and whether they are the last. */
interface Range {
  readonly from: Expr;
  readonly to: Expr;
  readonly isLast: Expr;
}

export class ResultPart {
  readonly #p: Problem;
  readonly #emitter: Emitter;
  readonly rows: Range;
  readonly columns: Range;

  /** Finds out what a chunk owns, and binds its batch element. */
  constructor(emitter: Emitter, problem: Problem, chunk: Local, cuts: Cuts) {
    this.#p = problem;
    this.#emitter = emitter;
    const { tile, rows, lanes, columns } = problem;
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
    this.rows = range(rowBlock, cuts.rows, tile.rows, rows - (rows % tile.rows));
    this.columns = range(columnBlock, cuts.columns, width, Math.ceil(columns / width) * width);
  }

  /** Goes through the tiles of its rows: their first row and their height. */
  alongRows(visit: (m: Expr, height: number) => void): void {
    const { tile, rows } = this.#p;
    const { from, to, isLast } = this.rows;
    const whole = rows - (rows % tile.rows);
    if (whole > 0) this.#emitter.loop("m0", from, to, tile.rows, (m) => visit(use(m), tile.rows));
    if (whole < rows) {
      const last = this.#emitter.block(() => visit(int(whole), rows - whole));
      this.#emitter.push(when(isLast, last));
    }
  }

  /** Goes through the tiles of its columns: their first column and how many vectors they have. */
  alongColumns(visit: (n: Expr, vectors: number) => void): void {
    const { tile, lanes, columns } = this.#p;
    const { from, to, isLast } = this.columns;
    const width = tile.vectors * lanes;
    const whole = columns - (columns % width);
    if (whole > 0) {
      const end = this.#emitter.define("end", binary("min", to, int(whole)));
      this.#emitter.loop("n0", from, end, width, (n) => visit(use(n), tile.vectors));
    }
    if (whole < columns) {
      const left = Math.ceil((columns - whole) / lanes);
      const last = this.#emitter.block(() => visit(int(whole), left));
      this.#emitter.push(when(isLast, last));
    }
  }
}
