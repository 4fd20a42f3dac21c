/**
 * Square blocks turned in registers: what is stored along one axis and read along another is moved by vectors on both
 * sides, and every cache line of it is used as a whole while it is there.
 */
import { shuffle } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";

/**
 * Vectors along the columns of a square block from those along its rows: lane i of result j is lane j of row i. Rows half
 * the block apart are woven into each other until all are; there are as many rounds as the number of rows has bits.
 *
 * @param keep puts a value in a register
 */
export function transpose(rows: readonly Expr[], keep: (e: Expr) => Expr): readonly Expr[] {
  const size = rows.length;
  const half = size / 2;
  const woven = (from: number): number[] =>
    Array.from({ length: size }, (_, i) => from + Math.floor(i / 2) + (i % 2) * size);
  let now = rows;
  for (let round = 1; round < size; round *= 2) {
    const before = now;
    now = before.map((_, i) => {
      const r = Math.floor(i / 2);
      const [a, b] = [before[r] as Expr, before[r + half] as Expr];
      return keep(shuffle(a, b, woven(i % 2 === 0 ? 0 : half)));
    });
  }
  return now;
}
