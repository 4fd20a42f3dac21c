/** The state of an emitter: blocks that it stands in, loop variables, and whether it makes vectors. */
import type { Expr, Stmt } from "../../kernel/ir.ts";

/** What a loop variable is at run time: a register plus a constant, or the constant alone. */
export interface Binding {
  readonly base: Expr | null;
  readonly offset: number;
  readonly level: number;
}

export interface Level {
  readonly statements: Stmt[];
  /** Expressions and partial index sums that are already in a register at this level. */
  readonly known: Map<string, Expr>;
  readonly values: Map<number, Expr>;
}

/** The vector variable and its width; lanes 1 is scalar code. */
export interface VectorMode {
  readonly variable: string;
  readonly lanes: number;
  /** Lanes that stand for elements, the first ones; all by default. The others compute along and touch no memory. */
  readonly active?: number;
}

export const scalarMode: VectorMode = { variable: "", lanes: 1 };

/** Makes a map what it was. */
export function restore<K, V>(target: Map<K, V>, saved: Map<K, V>): void {
  target.clear();
  for (const [k, v] of saved) target.set(k, v);
}
