/**
 * Choices between two floats that processors have an instruction for: unlike `max` and `min` they do not ask for NaN, nor
 * for the sign of zeros.
 */
import type { Expr, SelectExpr } from "./ir.ts";

/** `larger` is `a < b ? b : a`, `smaller` is `b < a ? b : a`: `a` stays where either is NaN. */
export interface ExtremeChoice {
  readonly fn: "larger" | "smaller";
  readonly a: Expr;
  readonly b: Expr;
}

/** What a choice is, if it is one of these between two registers or constants. */
export function extremeOf({ condition, a, b }: SelectExpr): ExtremeChoice | null {
  if (condition.kind !== "compare" || condition.fn !== "lt") return null;
  const { a: low, b: high } = condition;
  if (isSame(a, high) && isSame(b, low)) return { fn: "larger", a: low, b: high };
  return isSame(a, low) && isSame(b, high) ? { fn: "smaller", a: high, b: low } : null;
}

function isSame(a: Expr, b: Expr): boolean {
  if (a.kind === "const" && b.kind === "const") return Object.is(a.value, b.value);
  return a.kind === "local" && b.kind === "local" && a.local === b.local;
}
