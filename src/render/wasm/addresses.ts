/**
 * Byte addresses of loads and stores. An index is taken apart into a sum of terms and a constant; the constant goes
 * into the offset field of the instruction, the part that does not change inside a loop is computed before the loop,
 * and a sum that was computed once in a block is used again. Engines do some of this themselves, but not all, and not
 * in their first compiler.
 */
import type { DType } from "../../base/dtype.ts";
import { byteSize } from "../../base/dtype.ts";
import type { Expr, Kernel, LoopStmt, Stmt } from "../../kernel/ir.ts";
import type { Ranges } from "../../kernel/ranges.ts";
import { blocksOf, childrenOf, expressionsOf } from "../../kernel/rewrite.ts";
import type { Code } from "./assembler.ts";
import { assignedIn, type ExpressionKeys } from "./expression-keys.ts";
import type { LocalPool } from "./local-pool.ts";
import { i32 } from "./opcodes.ts";

/** `scale` times the base address of a buffer (always once), or times the value of an expression. */
interface Term {
  readonly key: string;
  readonly scale: number;
  readonly source: { readonly buffer: number } | { readonly value: Expr };
}

/** A sum of terms and a constant, in bytes. */
interface Sum {
  readonly constant: number;
  readonly terms: readonly Term[];
}

/** A sum that lies in a wasm local. */
interface Computed {
  readonly local: number;
  /** Ids of the IR locals that it was computed from. */
  readonly reads: ReadonlySet<number>;
}

/** What addresses need from the emitter that they are part of. */
export interface AddressHost {
  readonly code: Code;
  readonly pool: LocalPool;
  readonly ranges: Ranges;
  /** Pushes the value of an expression. */
  value(e: Expr): void;
  /** The wasm local with the base address of a buffer. */
  bufferLocal(buffer: number): number;
}

/** An access of memory, as a load, a store or the making of a pointer names it. */
type Access =
  | { readonly buffer: number; readonly index: Expr }
  | { readonly pointer: Expr; readonly index: Expr };

interface SplitSum {
  readonly sum: Sum;
  readonly offset: number;
  readonly key: string;
}

export class Addresses {
  readonly #host: AddressHost;
  readonly #kernel: Kernel;
  readonly #keys: ExpressionKeys;
  readonly #computed = new Map<string, Computed>();
  readonly #split = new Map<Access, SplitSum>();
  readonly #sums = new Map<readonly Stmt[], ReadonlyMap<string, Sum>>();
  /** For each open block, the keys of what was computed in it, with the locals to give back at its end. */
  readonly #blocks: { keys: string[]; locals: number[] }[] = [];
  /** For each open loop, outermost first, the ids of the IR locals that change inside it. */
  readonly #variants: Set<number>[] = [];

  constructor(kernel: Kernel, keys: ExpressionKeys, host: AddressHost) {
    this.#kernel = kernel;
    this.#keys = keys;
    this.#host = host;
  }

  /** Pushes an address and returns the constant for the offset field of the instruction that uses it. */
  push(access: Access, dtype: DType): number {
    const { sum, offset } = this.#splitSum(access, dtype);
    this.#pushSum(sum);
    return offset;
  }

  /** Pushes the whole address of an element of a buffer. */
  pushPointer(buffer: number, index: Expr): void {
    this.#pushSum(this.#sumOf({ buffer, index }, this.#dtypeOf(buffer)));
  }

  openBlock(): void {
    this.#blocks.push({ keys: [], locals: [] });
  }

  closeBlock(): void {
    const block = this.#blocks.pop();
    for (const key of block?.keys ?? []) this.#computed.delete(key);
    for (const local of block?.locals ?? []) this.#host.pool.give(local);
  }

  /** Forgets what was computed from an IR local, because the local changes. */
  forget(id: number): void {
    for (const [key, computed] of this.#computed) if (computed.reads.has(id)) this.#computed.delete(key);
  }

  /** Computes what the accesses inside a loop have in common for all its iterations. Call before the loop's code. */
  openLoop(loop: Pick<LoopStmt, "variable" | "body">): void {
    const variant = assignedIn(loop.body).add(loop.variable.id);
    for (const id of variant) this.forget(id);
    for (const sum of this.#sumsIn(loop.body).values()) {
      const invariant = this.#invariantPart(sum, variant);
      if (isPlain(invariant) || this.#computed.has(keyOf(invariant)) || !this.#isStable(invariant)) continue;
      this.#compute(invariant);
      this.#host.code.set(this.#keep(invariant));
    }
    this.#variants.push(variant);
  }

  closeLoop(): void {
    this.#variants.pop();
  }

  #dtypeOf(buffer: number): DType {
    const declared = this.#kernel.buffers[buffer];
    if (declared === undefined) throw new RangeError(`${this.#kernel.name}: there is no buffer ${buffer}`);
    return declared.dtype;
  }

  /** The addresses, less their constants, that statements and the blocks inside them use: each once, in their order. */
  #sumsIn(statements: readonly Stmt[]): ReadonlyMap<string, Sum> {
    const known = this.#sums.get(statements);
    if (known !== undefined) return known;
    const sums = new Map<string, Sum>();
    const add = (access: Access, dtype: DType): void => {
      const { sum, key } = this.#splitSum(access, dtype);
      if (!sums.has(key)) sums.set(key, sum);
    };
    const visit = (e: Expr): void => {
      if (e.kind === "load") add(e, this.#dtypeOf(e.buffer));
      if (e.kind === "loadAt") add(e, e.dtype);
      for (const operand of childrenOf(e)) visit(operand);
    };
    for (const statement of statements) {
      if (statement.kind === "store") add(statement, this.#dtypeOf(statement.buffer));
      for (const e of expressionsOf(statement)) visit(e);
      for (const block of blocksOf(statement)) {
        for (const [key, sum] of this.#sumsIn(block)) if (!sums.has(key)) sums.set(key, sum);
      }
    }
    this.#sums.set(statements, sums);
    return sums;
  }

  /** The address of an access: what changes, and the constant for the instruction. Made once. */
  #splitSum(access: Access, dtype: DType): SplitSum {
    const known = this.#split.get(access);
    if (known !== undefined) return known;
    const { sum, offset } = this.#withoutOffset(this.#sumOf(access, dtype));
    const made = { sum, offset, key: keyOf(sum) };
    this.#split.set(access, made);
    return made;
  }

  #sumOf(access: Access, dtype: DType): Sum {
    const terms = new Map<string, Term>();
    let constant = 0;
    const addTerm = (term: Term): void => {
      const scale = (terms.get(term.key)?.scale ?? 0) + term.scale;
      if (scale === 0) terms.delete(term.key);
      else terms.set(term.key, { ...term, scale });
    };
    const addBuffer = (buffer: number): void => addTerm({ key: `b${buffer}`, scale: 1, source: { buffer } });
    const addValue = (e: Expr, scale: number): void => {
      if (e.kind === "const") constant += e.value * scale;
      else if (e.kind === "binary" && (e.fn === "add" || e.fn === "sub")) {
        addValue(e.a, scale);
        addValue(e.b, e.fn === "add" ? scale : -scale);
      } else if (e.kind === "binary" && e.fn === "mul" && e.b.kind === "const")
        addValue(e.a, scale * e.b.value);
      else if (e.kind === "binary" && e.fn === "mul" && e.a.kind === "const")
        addValue(e.b, scale * e.a.value);
      else if (e.kind === "address") {
        addBuffer(e.buffer);
        addValue(e.index, byteSize(this.#dtypeOf(e.buffer)));
      } else addTerm({ key: `e${this.#keys.info(e).key}`, scale, source: { value: e } });
    };
    if ("pointer" in access) addValue(access.pointer, 1);
    else addBuffer(access.buffer);
    addValue(access.index, byteSize(dtype));
    return { constant, terms: [...terms.values()] };
  }

  /**
   * Moves the constant into the offset field, where that is right: the field is added without wrapping around, so
   * the rest must not be negative.
   */
  #withoutOffset(sum: Sum): { sum: Sum; offset: number } {
    if (sum.constant <= 0) return { sum, offset: 0 };
    let lo = 0;
    for (const term of sum.terms) {
      // A base address or pointer counts as 0 and up.
      if (!("value" in term.source) || term.source.value.type === "ptr") continue;
      const range = this.#host.ranges.of(term.source.value);
      lo += Math.min(range.lo * term.scale, range.hi * term.scale);
    }
    return lo >= 0 ? { sum: { constant: 0, terms: sum.terms }, offset: sum.constant } : { sum, offset: 0 };
  }

  #reads(term: Term): ReadonlySet<number> {
    return "value" in term.source ? this.#keys.info(term.source.value).locals : noLocals;
  }

  /** Whether a sum has the same value until a local that it reads changes. */
  #isStable(sum: Sum): boolean {
    return !sum.terms.some((t) => "value" in t.source && this.#keys.info(t.source.value).readsMemory);
  }

  #invariantPart(sum: Sum, variant: ReadonlySet<number>): Sum {
    const isInvariant = (term: Term): boolean => {
      for (const id of this.#reads(term)) if (variant.has(id)) return false;
      return true;
    };
    return { constant: sum.constant, terms: sum.terms.filter(isInvariant) };
  }

  /** Pushes a sum, from a local where it was computed before. */
  #pushSum(sum: Sum): void {
    const computed = this.#computed.get(keyOf(sum));
    if (computed !== undefined) {
      this.#host.code.get(computed.local);
      return;
    }
    this.#compute(sum);
    if (!isPlain(sum) && this.#isStable(sum)) this.#host.code.tee(this.#keep(sum));
  }

  /** Takes a local for a sum that is about to be stored there. */
  #keep(sum: Sum): number {
    const local = this.#host.pool.take("i32");
    const reads = new Set<number>();
    for (const term of sum.terms) for (const id of this.#reads(term)) reads.add(id);
    const key = keyOf(sum);
    this.#computed.set(key, { local, reads });
    const block = this.#blocks.at(-1);
    block?.keys.push(key);
    block?.locals.push(local);
    return local;
  }

  /** Pushes a sum, starting from the largest part of it that was computed before an enclosing loop. */
  #compute(sum: Sum): void {
    const code = this.#host.code;
    let rest = sum;
    let pushed = false;
    for (let depth = this.#variants.length - 1; depth >= 0 && !pushed; depth--) {
      const part = this.#invariantPart(sum, this.#variants[depth] ?? noLocals);
      const computed = this.#computed.get(keyOf(part));
      if (computed === undefined) continue;
      code.get(computed.local);
      pushed = true;
      rest = { constant: 0, terms: sum.terms.filter((term) => !part.terms.includes(term)) };
    }
    for (const term of rest.terms) {
      this.#pushTerm(term);
      if (pushed) code.op(i32.add);
      pushed = true;
    }
    if (rest.constant !== 0 || !pushed) {
      code.i32(rest.constant);
      if (pushed) code.op(i32.add);
    }
  }

  #pushTerm(term: Term): void {
    const { code } = this.#host;
    if ("buffer" in term.source) code.get(this.#host.bufferLocal(term.source.buffer));
    else this.#host.value(term.source.value);
    if (term.scale === 1) return;
    const shift = Math.log2(term.scale);
    code.i32(Number.isInteger(shift) ? shift : term.scale);
    code.op(Number.isInteger(shift) ? i32.shl : i32.mul);
  }
}

const noLocals: ReadonlySet<number> = new Set();

/** Whether pushing the sum takes one instruction, so that keeping it is no gain. */
function isPlain(sum: Sum): boolean {
  const [only] = sum.terms;
  if (sum.terms.length === 0 || only === undefined) return true;
  if (sum.terms.length > 1 || sum.constant !== 0 || only.scale !== 1) return false;
  return "buffer" in only.source || only.source.value.kind === "local";
}

function keyOf(sum: Sum): string {
  const terms = sum.terms.map((term) => `${term.scale}${term.key}`).sort();
  return `${sum.constant} ${terms.join(" ")}`;
}
