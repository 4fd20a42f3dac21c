/**
 * Structural identity of expressions: two expressions with one key compute the same value as long as the locals that
 * they read have not changed.
 */
import type { Expr, Stmt } from "../../kernel/ir.ts";
import { blocksOf, childrenOf } from "../../kernel/rewrite.ts";

/** What the value of an expression depends on. */
export interface Reads {
  /** Ids of the locals that it reads. */
  readonly locals: ReadonlySet<number>;
  /** Whether it reads memory, so that its value may change from one statement to the next. */
  readonly memory: boolean;
}

/** Ids of the locals that blocks declare or set, blocks inside them counted. */
export class AssignedLocals {
  readonly #known = new Map<readonly Stmt[], ReadonlySet<number>>();

  in(statements: readonly Stmt[]): ReadonlySet<number> {
    const known = this.#known.get(statements);
    if (known !== undefined) return known;
    const ids = new Set<number>();
    for (const statement of statements) {
      if (statement.kind === "let" || statement.kind === "set") ids.add(statement.local.id);
      if (statement.kind === "loop") ids.add(statement.variable.id);
      for (const block of blocksOf(statement)) for (const id of this.in(block)) ids.add(id);
    }
    this.#known.set(statements, ids);
    return ids;
  }
}

/** Hands out the keys of the expressions of one kernel. */
export class ExpressionKeys {
  readonly #keys = new Map<string, number>();
  readonly #keyOf = new Map<Expr, number>();
  readonly #keyOfLocal = new Map<number, number>();
  readonly #reads = new Map<Expr, Reads>();
  readonly #readsOfLocal = new Map<number, Reads>();

  /** A number that expressions of one structure share. */
  key(e: Expr): number {
    // Most that are asked about are locals, each time another object.
    const known = e.kind === "local" ? this.#keyOfLocal.get(e.local.id) : this.#keyOf.get(e);
    if (known !== undefined) return known;
    let text = `${e.kind} ${e.type} ${e.lanes} ${detailOf(e)}`;
    for (const child of childrenOf(e)) text += ` ${this.key(child)}`;
    const key = this.#keys.get(text) ?? this.#keys.size;
    this.#keys.set(text, key);
    if (e.kind === "local") this.#keyOfLocal.set(e.local.id, key);
    else this.#keyOf.set(e, key);
    return key;
  }

  reads(e: Expr): Reads {
    if (e.kind === "local") return this.#readsLocal(e.local.id);
    const known = this.#reads.get(e);
    if (known !== undefined) return known;
    let locals = noLocals;
    let memory = e.kind === "load" || e.kind === "loadAt";
    for (const child of childrenOf(e)) {
      const operand = this.reads(child);
      locals = union(locals, operand.locals);
      memory ||= operand.memory;
    }
    const reads = { locals, memory };
    this.#reads.set(e, reads);
    return reads;
  }

  #readsLocal(id: number): Reads {
    const known = this.#readsOfLocal.get(id) ?? { locals: new Set([id]), memory: false };
    this.#readsOfLocal.set(id, known);
    return known;
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
