/** Small questions about expressions that loops are made of. */
import { int, select } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";

/** An address, or that of the buffer's first element where a condition does not hold: what is there is not looked at. */
export const orFirst = (at: Expr, condition: Expr | null): Expr =>
  condition === null ? at : select(condition, at, int(0));

/** Whether repeating an expression costs nothing. */
export function isCheap(e: Expr): boolean {
  return e.kind === "const" || e.kind === "local" || e.kind === "iota";
}
