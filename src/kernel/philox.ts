/**
 * Philox 4x32-10, the counter-based random number generator (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", 2011), as expressions of the kernel IR. Counters may be vectors, one stream
 * position per lane.
 */
import { add, binary, constant, mul } from "./build.ts";
import type { Expr } from "./ir.ts";

const rounds = 10;
const multipliers = [0xd2511f53 | 0, 0xcd9e8d57 | 0] as const;
/**
 * Added to the key after every round: the golden ratio and the square root of 3, minus 1, as 32-bit
 * fractions.
 */
const weyl = [0x9e3779b9 | 0, 0xbb67ae85 | 0] as const;

const xor = (a: Expr, b: Expr): Expr => binary("xor", a, b);

/**
 * Four random 32-bit words for a counter and a key, all i32; the key has one lane or as many as the counter.
 *
 * @param define binds an intermediate to a local and returns its use, so that expressions stay small
 *
 * @example
 * const words = philox4x32([i, int(0), int(0), int(0)], [seedLow, seedHigh], (e, name) => {
 *   const local = locals.local(name, e.type, e.lanes);
 *   body.push(define(local, e));
 *   return use(local);
 * });
 */
export function philox4x32(
  counter: readonly [Expr, Expr, Expr, Expr],
  key: readonly [Expr, Expr],
  define: (e: Expr, name: string) => Expr,
): [Expr, Expr, Expr, Expr] {
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < rounds; round++) {
    const roundKey = (i: 0 | 1): Expr =>
      add(key[i], constant(Math.imul(weyl[i], round), "i32", key[i].lanes));
    const product = (c: Expr, i: 0 | 1): [high: Expr, low: Expr] => {
      const factor = constant(multipliers[i], "i32", c.lanes);
      return [binary("mulhi", c, factor), mul(c, factor)];
    };
    const [high0, low0] = product(c0, 0);
    const [high1, low1] = product(c2, 1);
    const next: [Expr, Expr, Expr, Expr] = [
      xor(xor(high1, c1), roundKey(0)),
      low1,
      xor(xor(high0, c3), roundKey(1)),
      low0,
    ];
    [c0, c1, c2, c3] = [
      define(next[0], "philox0"),
      define(next[1], "philox1"),
      define(next[2], "philox2"),
      define(next[3], "philox3"),
    ];
  }
  return [c0, c1, c2, c3];
}
