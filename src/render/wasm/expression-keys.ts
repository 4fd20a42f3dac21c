/**
 * Structural identity of expressions: two expressions with one key compute the same value as long as the locals that
 * they read have not changed.
 */
import type { Expr, Stmt } from "../../kernel/ir.ts";
import { blocksOf, childrenOf } from "../../kernel/rewrite.ts";

/** What is known of an expression from its structure. */
export interface ExprInfo {
  readonly key: number;
  /** Ids of the locals that it reads. */
  readonly locals: ReadonlySet<number>;
  /** Whether it reads memory, so that its value may change from one statement to the next. */
  readonly readsMemory: boolean;
}

/** Ids of the locals that a block declares or sets, blocks inside it counted. */
export function assignedIn(statements: readonly Stmt[], into: Set<number> = new Set()): Set<number> {
  for (const statement of statements) {
    if (statement.kind === "let" || statement.kind === "set") into.add(statement.local.id);
    if (statement.kind === "loop") into.add(statement.variable.id);
    for (const block of blocksOf(statement)) assignedIn(block, into);
  }
  return into;
}

/** Hands out the keys of the expressions of one kernel. */
export class ExpressionKeys {
  readonly #keys = new Map<string, number>();
  readonly #known = new Map<Expr, ExprInfo>();

  info(e: Expr): ExprInfo {
    let known = this.#known.get(e);
    if (known === undefined) {
      known = this.#compute(e);
      this.#known.set(e, known);
    }
    return known;
  }

  #compute(e: Expr): ExprInfo {
    let locals: ReadonlySet<number> = e.kind === "local" ? new Set([e.local.id]) : noLocals;
    let readsMemory = e.kind === "load" || e.kind === "loadAt";
    let text = `${e.kind} ${e.type} ${e.lanes} ${detailOf(e)}`;
    for (const child of childrenOf(e)) {
      const operand = this.info(child);
      locals = union(locals, operand.locals);
      readsMemory ||= operand.readsMemory;
      text += ` ${operand.key}`;
    }
    let key = this.#keys.get(text);
    if (key === undefined) {
      key = this.#keys.size;
      this.#keys.set(text, key);
    }
    return { key, locals, readsMemory };
  }
}

const noLocals: ReadonlySet<number> = new Set();

/** One of the two where it contains the other: most expressions read no more locals than their larger operand. */
function union(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  const [large, small] = a.size >= b.size ? [a, b] : [b, a];
  for (const id of small) if (!large.has(id)) return new Set([...large, ...small]);
  return large;
}

/** What tells an expression from others of its kind with the same operands. */
function detailOf(e: Expr): string | number {
  switch (e.kind) {
    case "const":
      return Object.is(e.value, -0) ? "-0" : e.value;
    case "local":
      return e.local.id;
    case "load":
      return `${e.buffer}:${e.active ?? e.lanes}`;
    case "address":
      return e.buffer;
    case "loadAt":
      return e.dtype;
    case "unary":
    case "binary":
    case "compare":
      return e.fn;
    case "extract":
      return e.lane;
    case "shuffle":
      return e.picks.join();
    default:
      return "";
  }
}
