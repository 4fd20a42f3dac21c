/**
 * Ranges of the integer expressions of a kernel, from its structure alone. They say where the cheap unsigned
 * division is right, where a loop surely runs at least once, and where a constant may move from an index into the
 * offset field of a load.
 */
import type { BinaryExpr, Expr, Kernel, Local, Stmt } from "./ir.ts";

/** All values lie in lo..hi, both included. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

const whole: Range = { lo: -(2 ** 31), hi: 2 ** 31 - 1 };

/**
 * What is assumed of a mutable local until one of its assignments speaks against it. Half of the positive range, so
 * that an increment inside a loop does not look like an overflow: such locals are counters and offsets.
 */
const counter: Range = { lo: 0, hi: 2 ** 30 };

/** The range, or everything when it leaves 32 bits (then the value wraps around). */
function range(lo: number, hi: number): Range {
  return lo < whole.lo || hi > whole.hi || Number.isNaN(lo + hi) ? whole : { lo, hi };
}

export class Ranges {
  readonly #kernel: Kernel;
  readonly #locals = new Map<number, Range>();
  readonly #known = new Map<Expr, Range>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const refuted = new Set<number>();
    let before: number;
    do {
      before = refuted.size;
      this.#known.clear();
      this.#locals.clear();
      this.#locals.set(kernel.chunk.id, { lo: 0, hi: Math.max(kernel.chunks - 1, 0) });
      this.#visit(kernel.body, refuted);
    } while (refuted.size > before);
  }

  #visit(statements: readonly Stmt[], refuted: Set<number>): void {
    for (const statement of statements) {
      switch (statement.kind) {
        case "let":
        case "set":
          this.#assign(statement.local, statement.value, refuted);
          break;
        case "loop": {
          const { lo } = this.of(statement.start);
          const last = this.of(statement.end).hi - 1;
          this.#locals.set(statement.variable.id, range(lo, Math.max(lo, last)));
          this.#visit(statement.body, refuted);
          break;
        }
        case "if":
          this.#visit(statement.then, refuted);
          this.#visit(statement.otherwise, refuted);
          break;
        case "store":
        case "prefetch":
          break;
      }
    }
  }

  #assign(local: Local, value: Expr, refuted: Set<number>): void {
    if (local.type !== "i32") return;
    if (!local.mutable) {
      this.#locals.set(local.id, this.of(value));
      return;
    }
    // Set before the value is looked at, since it may read the local itself.
    this.#locals.set(local.id, refuted.has(local.id) ? whole : counter);
    if (this.of(value).lo < 0) refuted.add(local.id);
  }

  /** Range of an i32 expression (of every lane, for a vector). */
  of(e: Expr): Range {
    let known = this.#known.get(e);
    if (known === undefined) {
      known = this.#compute(e);
      this.#known.set(e, known);
    }
    return known;
  }

  nonNegative(e: Expr): boolean {
    return this.of(e).lo >= 0;
  }

  /** Whether nothing is known of the value: it may be any, and arithmetic that leads to it may wrap around. */
  unbounded(e: Expr): boolean {
    return this.of(e) === whole;
  }

  #compute(e: Expr): Range {
    switch (e.kind) {
      case "const":
        return range(e.value | 0, e.value | 0);
      case "local":
        return this.#locals.get(e.local.id) ?? whole;
      case "iota":
        return range(0, e.lanes - 1);
      case "splat":
      case "extract":
        return this.of(e.a);
      case "cast":
        return e.a.type === "bool" ? range(0, 1) : whole;
      case "select": {
        const a = this.of(e.a);
        const b = this.of(e.b);
        return range(Math.min(a.lo, b.lo), Math.max(a.hi, b.hi));
      }
      case "load":
        return this.#kernel.buffers[e.buffer]?.dtype === "uint8" ? range(0, 255) : whole;
      case "loadAt":
        return e.dtype === "uint8" ? range(0, 255) : whole;
      case "binary":
        return this.#binary(e);
      default:
        return whole;
    }
  }

  #binary(e: BinaryExpr): Range {
    const a = this.of(e.a);
    const b = this.of(e.b);
    switch (e.fn) {
      case "add":
        return range(a.lo + b.lo, a.hi + b.hi);
      case "sub":
        return range(a.lo - b.hi, a.hi - b.lo);
      case "mul": {
        const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
        return range(Math.min(...corners), Math.max(...corners));
      }
      case "max":
        return range(Math.max(a.lo, b.lo), Math.max(a.hi, b.hi));
      case "min":
        return range(Math.min(a.lo, b.lo), Math.min(a.hi, b.hi));
      case "idiv":
        return b.lo > 0 && a.lo >= 0 ? range(Math.floor(a.lo / b.hi), Math.floor(a.hi / b.lo)) : whole;
      case "mod":
        return b.lo > 0 ? range(0, a.lo >= 0 ? Math.min(a.hi, b.hi - 1) : b.hi - 1) : whole;
      case "and":
        if (a.lo < 0 && b.lo < 0) return whole;
        return range(0, Math.min(a.lo < 0 ? whole.hi : a.hi, b.lo < 0 ? whole.hi : b.hi));
      case "shl":
        return b.lo === b.hi && b.lo >= 0 && b.lo < 31 ? range(a.lo * 2 ** b.lo, a.hi * 2 ** b.lo) : whole;
      case "shr":
        return a.lo >= 0 && b.lo >= 0 && b.hi < 32 ? range(0, a.hi) : whole;
      default:
        return whole;
    }
  }
}
