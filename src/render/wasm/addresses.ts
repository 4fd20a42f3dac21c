/**
 * Byte addresses of loads and stores. An index is taken apart into a sum of terms and a constant; the constant goes
 * into the offset field of the instruction, the part that does not change inside a loop is computed before the loop,
 * and a sum that was computed once in a block is used again. Engines do some of this themselves, but not all, and not
 * in their first compiler.
 */
import { byteSize, type DType, dtypes } from "../../base/dtype.ts";
import type { ConstExpr, Expr, Kernel, LoadAtExpr, LoadExpr, LoopStmt, Stmt } from "../../kernel/ir.ts";
import type { Ranges } from "../../kernel/ranges.ts";
import { blocksOf, childrenOf, expressionsOf } from "../../kernel/rewrite.ts";
import type { Code } from "./assembler.ts";
import { AssignedLocals, type ExpressionKeys } from "./expression-keys.ts";
import type { LocalPool } from "./local-pool.ts";
import { i32 } from "./opcodes.ts";

/** `scale` times the base address of a buffer (always once), or times the value of an expression. */
interface Term {
  /** The number of the value's structure; negative for buffers. */
  readonly id: number;
  readonly scale: number;
  readonly source: { readonly buffer: number } | { readonly value: Expr };
}

/** A sum of terms and a constant, in bytes. There is one object for each: equal sums are identical. */
interface Sum {
  /** Its number among all sums of the kernel. */
  readonly id: number;
  readonly constant: number;
  /** By their ids. */
  readonly terms: readonly Term[];
  /** Ids of the IR locals that it is computed from. */
  readonly reads: ReadonlySet<number>;
  /** Whether it has the same value until one of them changes. */
  readonly isStable: boolean;
  /** The least value that it may have, without the constant and base addresses. */
  readonly lowest: number;
  /** Sums of the same terms, by their constants. */
  readonly siblings: Map<number, Sum>;
}

/** An open loop: ids of the IR locals that change inside it, and what stays of the sums that were asked about. */
interface OpenLoop {
  readonly variant: ReadonlySet<number>;
  readonly invariantParts: Map<Sum, Sum>;
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

/** More lanes than a vector can have. */
const lanesEnd = 64;

interface SplitSum {
  readonly sum: Sum;
  readonly offset: number;
  /** Both together. */
  readonly whole: Sum;
}

export class Addresses {
  readonly #host: AddressHost;
  readonly #kernel: Kernel;
  readonly #keys: ExpressionKeys;
  /** Any sum of the same terms, by these. */
  readonly #known = new Map<string, Sum>();
  /** Sums by what they start from (a buffer or a pointer of one type) and their index, less its last constant. */
  readonly #bases = new Map<Expr | number, Map<Expr, Sum>>();
  /** Sums that lie in wasm locals. */
  readonly #computed = new Map<Sum, number>();
  readonly #split = new Map<Access, SplitSum>();
  readonly #sums = new Map<readonly Stmt[], ReadonlySet<Sum>>();
  readonly #assigned = new AssignedLocals();
  #sumCount = 0;
  /** For each open block, what was computed in it, with the locals to give back at its end. */
  readonly #blocks: { sums: Sum[]; locals: number[] }[] = [];
  /** Outermost first. */
  readonly #loops: OpenLoop[] = [];

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

  /** A number that two loads share when they read the same elements, as long as nothing changes. */
  identityOf(load: LoadExpr | LoadAtExpr): number {
    const dtype = this.#dtypeRead(load);
    const active = (load.kind === "load" ? load.active : undefined) ?? load.lanes;
    const { whole } = this.#splitSum(load, dtype);
    return ((whole.id * dtypes.length + dtypes.indexOf(dtype)) * lanesEnd + load.lanes) * lanesEnd + active;
  }

  /** Ids of the locals that the address of a load is computed from. */
  localsOf(load: LoadExpr | LoadAtExpr): ReadonlySet<number> {
    return this.#splitSum(load, this.#dtypeRead(load)).whole.reads;
  }

  openBlock(): void {
    this.#blocks.push({ sums: [], locals: [] });
  }

  closeBlock(): void {
    const block = this.#blocks.pop();
    for (const sum of block?.sums ?? []) this.#computed.delete(sum);
    for (const local of block?.locals ?? []) this.#host.pool.give(local);
  }

  /** Forgets what was computed from an IR local, because the local changes. */
  forget(id: number): void {
    for (const sum of this.#computed.keys()) if (sum.reads.has(id)) this.#computed.delete(sum);
  }

  /** Computes what the accesses inside a loop have in common for all its iterations. Call before the loop's code. */
  openLoop(loop: Pick<LoopStmt, "variable" | "body">): void {
    const variant = new Set(this.#assigned.in(loop.body)).add(loop.variable.id);
    for (const sum of this.#computed.keys()) if (overlaps(sum.reads, variant)) this.#computed.delete(sum);
    const opened = { variant, invariantParts: new Map<Sum, Sum>() };
    for (const sum of this.#sumsIn(loop.body)) {
      const invariant = this.#invariantPart(sum, opened);
      if (isPlain(invariant) || this.#computed.has(invariant) || !invariant.isStable) continue;
      this.#compute(invariant);
      this.#host.code.set(this.#keep(invariant));
    }
    this.#loops.push(opened);
  }

  closeLoop(): void {
    this.#loops.pop();
  }

  #dtypeOf(buffer: number): DType {
    const declared = this.#kernel.buffers[buffer];
    if (declared === undefined) throw new RangeError(`${this.#kernel.name}: there is no buffer ${buffer}`);
    return declared.dtype;
  }

  #dtypeRead(load: LoadExpr | LoadAtExpr): DType {
    return load.kind === "load" ? this.#dtypeOf(load.buffer) : load.dtype;
  }

  /** The addresses, less their constants, that statements and the blocks inside them use, in their order. */
  #sumsIn(statements: readonly Stmt[]): ReadonlySet<Sum> {
    const known = this.#sums.get(statements);
    if (known !== undefined) return known;
    const sums = new Set<Sum>();
    const visited = new Set<Expr>();
    const visit = (e: Expr): void => {
      if (e.kind === "const" || e.kind === "local" || visited.has(e)) return;
      visited.add(e);
      if (e.kind === "load" || e.kind === "loadAt") sums.add(this.#splitSum(e, this.#dtypeRead(e)).sum);
      for (const operand of childrenOf(e)) visit(operand);
    };
    for (const statement of statements) {
      if (statement.kind === "store")
        sums.add(this.#splitSum(statement, this.#dtypeOf(statement.buffer)).sum);
      for (const e of expressionsOf(statement)) visit(e);
      for (const block of blocksOf(statement)) for (const sum of this.#sumsIn(block)) sums.add(sum);
    }
    this.#sums.set(statements, sums);
    return sums;
  }

  /** The address of an access: what changes, and the constant for the instruction. Made once. */
  #splitSum(access: Access, dtype: DType): SplitSum {
    let known = this.#split.get(access);
    if (known === undefined) {
      const whole = this.#sumOf(access, dtype);
      // The offset field is added without wrapping around, so the rest must not be negative.
      known =
        whole.constant > 0 && whole.lowest >= 0
          ? { sum: this.#withConstant(whole, 0), offset: whole.constant, whole }
          : { sum: whole, offset: 0, whole };
      this.#split.set(access, known);
    }
    return known;
  }

  #sum(constant: number, terms: readonly Term[]): Sum {
    let key = "";
    for (const term of terms) key += ` ${term.scale}*${term.id}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const reads = new Set<number>();
      let isStable = true;
      for (const { source } of terms) {
        if (!("value" in source)) continue;
        const { locals, memory } = this.#keys.reads(source.value);
        for (const id of locals) reads.add(id);
        isStable &&= !memory;
      }
      const id = this.#sumCount++;
      known = { id, constant, terms, reads, isStable, lowest: this.#lowest(terms), siblings: new Map() };
      known.siblings.set(constant, known);
      this.#known.set(key, known);
    }
    return this.#withConstant(known, constant);
  }

  /** The sum of the same terms and another constant. */
  #withConstant(sum: Sum, constant: number): Sum {
    let found = sum.siblings.get(constant);
    if (found === undefined) {
      found = { ...sum, id: this.#sumCount++, constant };
      sum.siblings.set(constant, found);
    }
    return found;
  }

  /** The least value of a sum without its constant, where a base address or pointer counts as 0 and up. */
  #lowest(terms: readonly Term[]): number {
    let lowest = 0;
    for (const { scale, source } of terms) {
      if (!("value" in source) || source.value.type === "ptr") continue;
      const { lo, hi } = this.#host.ranges.of(source.value);
      lowest += Math.min(lo * scale, hi * scale);
    }
    return lowest;
  }

  /** Accesses of a micro-kernel differ by constants: what else they are made of is taken apart once. */
  #sumOf(access: Access, dtype: DType): Sum {
    const { index } = access;
    const from = "pointer" in access ? access.pointer : access.buffer;
    const isShifted = index.kind === "binary" && index.fn === "add" && index.b.kind === "const";
    const base = isShifted ? index.a : index;
    const bases = this.#bases.get(from) ?? new Map<Expr, Sum>();
    this.#bases.set(from, bases);
    let sum = bases.get(base);
    if (sum === undefined) {
      sum = this.#takeApart(access, base, dtype);
      bases.set(base, sum);
    }
    if (!isShifted) return sum;
    return this.#withConstant(sum, sum.constant + (index.b as ConstExpr).value * byteSize(dtype));
  }

  #takeApart(access: Access, index: Expr, dtype: DType): Sum {
    const terms = new Map<number, Term>();
    let constant = 0;
    const addTerm = (term: Term): void => {
      const scale = (terms.get(term.id)?.scale ?? 0) + term.scale;
      if (scale === 0) terms.delete(term.id);
      else terms.set(term.id, { ...term, scale });
    };
    const addBuffer = (buffer: number): void => addTerm({ id: -1 - buffer, scale: 1, source: { buffer } });
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
      } else addTerm({ id: this.#keys.key(e), scale, source: { value: e } });
    };
    if ("pointer" in access) addValue(access.pointer, 1);
    else addBuffer(access.buffer);
    addValue(index, byteSize(dtype));
    return this.#sum(
      constant,
      [...terms.values()].sort((a, b) => a.id - b.id),
    );
  }

  #invariantPart(sum: Sum, { variant, invariantParts }: OpenLoop): Sum {
    let part = invariantParts.get(sum);
    if (part === undefined) {
      const isInvariant = ({ source }: Term): boolean =>
        "buffer" in source || !overlaps(this.#keys.reads(source.value).locals, variant);
      part = overlaps(sum.reads, variant) ? this.#sum(sum.constant, sum.terms.filter(isInvariant)) : sum;
      invariantParts.set(sum, part);
    }
    return part;
  }

  /** Pushes a sum, from a local where it was computed before. */
  #pushSum(sum: Sum): void {
    const computed = this.#computed.get(sum);
    if (computed !== undefined) {
      this.#host.code.get(computed);
      return;
    }
    this.#compute(sum);
    if (!isPlain(sum) && sum.isStable) this.#host.code.tee(this.#keep(sum));
  }

  /** Takes a local for a sum that is about to be stored there. */
  #keep(sum: Sum): number {
    const local = this.#host.pool.take("i32");
    this.#computed.set(sum, local);
    const block = this.#blocks.at(-1);
    block?.sums.push(sum);
    block?.locals.push(local);
    return local;
  }

  /** Pushes a sum, starting from the largest part of it that was computed before an enclosing loop. */
  #compute(sum: Sum): void {
    const code = this.#host.code;
    let { terms, constant } = sum;
    let pushed = false;
    for (let depth = this.#loops.length - 1; depth >= 0 && !pushed; depth--) {
      const part = this.#invariantPart(sum, this.#loops[depth] as OpenLoop);
      const computed = this.#computed.get(part);
      if (computed === undefined) continue;
      code.get(computed);
      pushed = true;
      terms = terms.filter(({ id }) => !part.terms.some((term) => term.id === id));
      constant = 0;
    }
    for (const term of terms) {
      this.#pushTerm(term);
      if (pushed) code.op(i32.add);
      pushed = true;
    }
    if (constant !== 0 || !pushed) {
      code.i32(constant);
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

function overlaps(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  for (const id of small) if (large.has(id)) return true;
  return false;
}

/** Whether pushing the sum takes one instruction, so that keeping it is no gain. */
function isPlain(sum: Sum): boolean {
  const [only] = sum.terms;
  if (sum.terms.length === 0 || only === undefined) return true;
  if (sum.terms.length > 1 || sum.constant !== 0 || only.scale !== 1) return false;
  return "buffer" in only.source || only.source.value.kind === "local";
}
