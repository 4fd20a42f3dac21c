/**
 * Values that a run of statements computes more than once: the first time they are kept in a local. Above all this
 * joins the loads of a micro-kernel, which name the same element once for every accumulator. Engines do not join
 * loads themselves, but they do join equal arithmetic; so loads are compared by their addresses, and everything else by
 * identity, which is enough to emit an expression that is used in two places once.
 */
import type { Expr, LoadAtExpr, LoadExpr, Stmt } from "../../kernel/ir.ts";
import { childrenOf, expressionsOf } from "../../kernel/rewrite.ts";
import type { Addresses } from "./addresses.ts";
import type { ExpressionKeys, Reads } from "./expression-keys.ts";
import type { LocalPool } from "./local-pool.ts";
import { registerOf, wasmTypeOf } from "./registers.ts";

interface Kept {
  readonly local: number;
  readonly reads: ReadonlySet<number>;
  readonly readsMemory: boolean;
}

/** What a value is recognised by: where a load reads, or the very object. */
type Identity = number | Expr;

/** What is known of the run that is being emitted. */
interface Run {
  readonly counts: ReadonlyMap<Identity, number>;
  readonly kept: Map<Identity, Kept>;
  readonly locals: number[];
}

/**
 * Cuts a block into runs of statements that are executed one after the other; a loop or "if" ends its run, and
 * only the expressions that it evaluates at its beginning belong to it.
 */
export function runsOf(statements: readonly Stmt[]): Stmt[][] {
  const runs: Stmt[][] = [];
  let open = false;
  for (const statement of statements) {
    if (open) runs.at(-1)?.push(statement);
    else runs.push([statement]);
    open = statement.kind !== "loop" && statement.kind !== "if";
  }
  return runs;
}

export class SharedValues {
  readonly #addresses: Addresses;
  readonly #keys: ExpressionKeys;
  readonly #pool: LocalPool;
  readonly #runs: Run[] = [];

  constructor(addresses: Addresses, keys: ExpressionKeys, pool: LocalPool) {
    this.#addresses = addresses;
    this.#keys = keys;
    this.#pool = pool;
  }

  openRun(statements: readonly Stmt[]): void {
    const counts = new Map<Identity, number>();
    const count = (e: Expr): void => {
      if (isLeaf(e)) return;
      const identity = this.#identityOf(e);
      const seen = counts.get(identity) ?? 0;
      counts.set(identity, seen + 1);
      // Inside a repeated value nothing is computed a second time. Indices are the business of addresses.
      if (seen > 0 || isLoad(e) || e.kind === "address") return;
      for (const child of childrenOf(e)) count(child);
    };
    for (const statement of statements) {
      if (statement.kind === "store") count(statement.value);
      else for (const e of expressionsOf(statement)) count(e);
    }
    this.#runs.push({ counts, kept: new Map(), locals: [] });
  }

  closeRun(): void {
    for (const local of this.#runs.pop()?.locals ?? []) this.#pool.give(local);
  }

  /** The local where the value of an expression lies, if it was kept. */
  find(e: Expr): number | undefined {
    const run = this.#runs.at(-1);
    if (run === undefined || run.kept.size === 0 || isLeaf(e)) return undefined;
    return run.kept.get(this.#identityOf(e))?.local;
  }

  /** A local to keep the value of `e` in, which is now on the stack; undefined when it is not needed again. */
  keep(e: Expr): number | undefined {
    const run = this.#runs.at(-1);
    if (run === undefined || isLeaf(e)) return undefined;
    const identity = this.#identityOf(e);
    if ((run.counts.get(identity) ?? 0) < 2) return undefined;
    const { locals: reads, memory: readsMemory } = this.#readsOf(e);
    const local = this.#pool.take(wasmTypeOf(registerOf(e)));
    run.locals.push(local);
    run.kept.set(identity, { local, reads, readsMemory });
    return local;
  }

  #identityOf(e: Expr): Identity {
    if (isLoad(e)) return this.#addresses.identityOf(e);
    // Negative, and never 0: the load itself is another value.
    return e.kind === "splat" && isLoad(e.a) ? -this.#addresses.identityOf(e.a) - 1 : e;
  }

  #readsOf(e: Expr): Reads {
    return isLoad(e) ? { locals: this.#addresses.localsOf(e), memory: true } : this.#keys.reads(e);
  }

  /** Forgets what was computed from an IR local, because the local changes. */
  forget(id: number): void {
    this.#drop((kept) => kept.reads.has(id));
  }

  /** Forgets what was read from memory, because memory changes. */
  forgetMemory(): void {
    this.#drop((kept) => kept.readsMemory);
  }

  #drop(isStale: (kept: Kept) => boolean): void {
    const kept = this.#runs.at(-1)?.kept;
    if (kept === undefined) return;
    for (const [key, value] of kept) if (isStale(value)) kept.delete(key);
  }
}

/** Expressions that take one instruction anyway. */
function isLeaf(e: Expr): boolean {
  return (
    e.kind === "const" ||
    e.kind === "local" ||
    e.kind === "iota" ||
    (e.kind === "splat" && e.a.kind === "const")
  );
}

function isLoad(e: Expr): e is LoadExpr | LoadAtExpr {
  return e.kind === "load" || e.kind === "loadAt";
}
