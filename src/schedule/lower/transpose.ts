/**
 * Square blocks turned in registers: what is stored along one axis and read along another is moved by vectors on both
 * sides, and every cache line of it is used as a whole while it is there.
 */
import { shuffle } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { factorOf, occursInside } from "../index-math.ts";
import type { LoadScalar } from "../scalar-body.ts";

/** Steps of a variable that are taken one after the other; see `Emitter.turned`. */
export interface Turn {
  readonly name: string;
  readonly base: Expr;
  readonly level: number;
  /** What has been read and turned, one vector for each step, by the scalar that loads it. */
  readonly vectors: Map<number, readonly Expr[]>;
  /** The level from which on guards on other variables are known to hold as well; null where they may not. */
  readonly inside: number | null;
  step: number;
}

/** Whether elements along `name` are neighbours, and those along the vector are not. */
export function liesAlong({ index, dtype }: LoadScalar, name: string, vector: string): boolean {
  if (dtype !== "float32" && dtype !== "int32") return false;
  if (occursInside(index, name) || occursInside(index, vector)) return false;
  return factorOf(index, name) === 1 && factorOf(index, vector) > 1;
}

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
