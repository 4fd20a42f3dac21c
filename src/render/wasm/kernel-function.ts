/**
 * One kernel as one WebAssembly function. Its parameters are the first chunk, the chunk after the last (there is at
 * least one between them) and the byte address of each buffer; it has no result.
 */
import { EngineError } from "../../base/errors.ts";
import type { Expr, FmaExpr, Kernel, Local, LoopStmt, SelectExpr, SplatExpr, Stmt } from "../../kernel/ir.ts";
import type { MathFunction } from "../../kernel/math-f32.ts";
import { Ranges } from "../../kernel/ranges.ts";
import { Addresses } from "./addresses.ts";
import { Code } from "./assembler.ts";
import {
  emitBitcast,
  emitCast,
  emitConstant,
  emitExtract,
  emitIota,
  emitPack,
  emitShuffle,
  emitSplat,
} from "./conversions.ts";
import type { Emitter } from "./emitter.ts";
import { ExpressionKeys } from "./expression-keys.ts";
import { emitBinary, emitCompare, emitUnary } from "./functions.ts";
import { LocalPool } from "./local-pool.ts";
import {
  canLoadSplat,
  emitLoad,
  emitLoadSplat,
  emitPartialLoad,
  emitPartialStore,
  emitStore,
} from "./memory-access.ts";
import { control, f32, f32x4, f64, i32, i32x4, type WasmType } from "./opcodes.ts";
import { type Register, registerOf, wasmTypeOf } from "./registers.ts";
import { runsOf, SharedValues } from "./shared-values.ts";
import { emitExtremeChoice, emitVectorSelect } from "./short-forms.ts";

/** What kernels of one module share. */
export interface KernelOptions {
  /** Whether `f32x4.relaxed_madd` may be used. */
  readonly relaxed: boolean;
  /** Index of an imported math function. */
  readonly mathFunction: (name: MathFunction) => number;
}

/** Renders a kernel. @throws EngineError when it asks for registers or functions that WebAssembly lacks. */
export function renderKernel(kernel: Kernel, options: KernelOptions): Code {
  return new KernelFunction(kernel, options).render();
}

const chunkStart = 0;
const chunkEnd = 1;
const firstBuffer = 2;

class KernelFunction implements Emitter {
  readonly code: Code;
  readonly ranges: Ranges;
  readonly pool: LocalPool;
  readonly #kernel: Kernel;
  readonly #options: KernelOptions;
  readonly #addresses: Addresses;
  readonly #shared: SharedValues;
  /** Wasm locals of the IR locals that are in scope. */
  readonly #locals = new Map<number, number>();
  /** Wasm locals to give back at the end of each open block. */
  readonly #scopes: number[][] = [];

  constructor(kernel: Kernel, options: KernelOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.code = new Code(["i32", "i32", ...kernel.buffers.map((): WasmType => "i32")]);
    this.ranges = new Ranges(kernel);
    this.pool = new LocalPool(this.code);
    const keys = new ExpressionKeys();
    this.#addresses = new Addresses(kernel, keys, this);
    this.#shared = new SharedValues(this.#addresses, keys, this.pool);
  }

  render(): Code {
    const { chunk, body, chunks } = this.#kernel;
    // The parameter with the first chunk serves as the loop variable.
    this.#locals.set(chunk.id, chunkStart);
    this.#scope(() => {
      if (chunks === 1) {
        this.#block(body);
        return;
      }
      this.#addresses.openLoop({ variable: chunk, body });
      this.code.loop(() => {
        this.#block(body);
        this.#next(chunkStart, 1, () => this.code.get(chunkEnd));
      });
      this.#addresses.closeLoop();
    });
    return this.code;
  }

  // Emitter

  bufferLocal(buffer: number): number {
    return firstBuffer + buffer;
  }

  scratch<const T extends readonly WasmType[]>(
    types: T,
    use: (...locals: { readonly [K in keyof T]: number }) => void,
  ): void {
    const locals = types.map((type) => this.pool.take(type));
    // `map` keeps the length of the list, which its type does not say.
    use(...(locals as unknown as { readonly [K in keyof T]: number }));
    for (const local of locals) this.pool.give(local);
  }

  callMath(name: MathFunction): void {
    this.code.call(this.#options.mathFunction(name));
  }

  value(e: Expr): void {
    const kept = this.#shared.find(e);
    if (kept !== undefined) {
      this.code.get(kept);
      return;
    }
    this.#compute(e);
    const local = this.#shared.keep(e);
    if (local !== undefined) this.code.tee(local);
  }

  #compute(e: Expr): void {
    switch (e.kind) {
      case "const":
        emitConstant(this, e);
        break;
      case "local":
        this.code.get(this.#localIndex(e.local));
        break;
      case "load": {
        registerOf(e);
        const { dtype } = this.#buffer(e.buffer);
        const offset = this.#addresses.push(e, dtype);
        if (e.active === undefined) emitLoad(this, dtype, e.lanes, offset);
        else emitPartialLoad(this, e.active, offset);
        break;
      }
      case "loadAt":
        registerOf(e);
        emitLoad(this, e.dtype, e.lanes, this.#addresses.push(e, e.dtype));
        break;
      case "address":
        this.#addresses.pushPointer(e.buffer, e.index);
        break;
      case "unary":
        emitUnary(this, e);
        break;
      case "binary":
        emitBinary(this, e);
        break;
      case "fma":
        this.#fma(e);
        break;
      case "compare":
        emitCompare(this, e);
        break;
      case "select":
        this.#select(e);
        break;
      case "cast":
        emitCast(this, e);
        break;
      case "bitcast":
        emitBitcast(this, e);
        break;
      case "splat":
        this.#splat(e);
        break;
      case "iota":
        emitIota(this);
        break;
      case "pack":
        emitPack(this, e);
        break;
      case "extract":
        emitExtract(this, e);
        break;
      case "shuffle":
        emitShuffle(this, e);
    }
  }

  #buffer(index: number): Kernel["buffers"][number] {
    const buffer = this.#kernel.buffers[index];
    if (buffer === undefined)
      throw new EngineError(`wasm: kernel ${this.#kernel.name} has no buffer ${index}`);
    return buffer;
  }

  #fma(e: FmaExpr): void {
    const register = registerOf(e);
    this.value(e.a);
    this.value(e.b);
    if (register === "f32x4" && this.#options.relaxed) {
      this.value(e.c);
      this.code.op(f32x4.relaxedMadd);
      return;
    }
    const ops = multiplyAdd[register];
    if (ops === undefined) throw new EngineError(`wasm: there is no multiply-add on ${register}`);
    this.code.op(ops.mul);
    this.value(e.c);
    this.code.op(ops.add);
  }

  #select(e: SelectExpr): void {
    if (emitExtremeChoice(this, e)) return;
    // One condition for all lanes is cheaper as a scalar.
    const condition = e.condition.kind === "splat" ? e.condition.a : e.condition;
    if (condition.lanes > 1) {
      emitVectorSelect(this, e, this.#options.relaxed);
      return;
    }
    this.value(e.a);
    this.value(e.b);
    this.value(condition);
    this.code.op(control.select);
  }

  #splat(e: SplatExpr): void {
    registerOf(e);
    const { a } = e;
    if (a.kind === "load" || a.kind === "loadAt") {
      const dtype = a.kind === "load" ? this.#buffer(a.buffer).dtype : a.dtype;
      if (canLoadSplat(dtype)) {
        emitLoadSplat(this, this.#addresses.push(a, dtype));
        return;
      }
    }
    emitSplat(this, e);
  }

  // Statements

  /** Runs `body` as a block of its own: the locals that it declares end with it. */
  #scope(body: () => void): void {
    const locals: number[] = [];
    this.#scopes.push(locals);
    this.#addresses.openBlock();
    body();
    this.#addresses.closeBlock();
    this.#scopes.pop();
    for (const local of locals) this.pool.give(local);
  }

  #block(statements: readonly Stmt[]): void {
    this.#scope(() => {
      for (const run of runsOf(statements)) {
        this.#shared.openRun(run);
        for (const statement of run) this.#statement(statement);
        this.#shared.closeRun();
      }
    });
  }

  #statement(statement: Stmt): void {
    switch (statement.kind) {
      case "let":
        this.value(statement.value);
        this.code.set(this.#declare(statement.local));
        break;
      case "set":
        this.value(statement.value);
        this.code.set(this.#localIndex(statement.local));
        this.#addresses.forget(statement.local.id);
        this.#shared.forget(statement.local.id);
        break;
      case "loop":
        this.#scope(() => this.#loop(statement));
        break;
      case "prefetch":
        // WebAssembly has no such instruction.
        break;
      case "store": {
        const { dtype } = this.#buffer(statement.buffer);
        const offset = this.#addresses.push(statement, dtype);
        this.value(statement.value);
        if (statement.active === undefined) emitStore(this, dtype, statement.value.lanes, offset);
        else emitPartialStore(this, statement.active, offset);
        this.#shared.forgetMemory();
        break;
      }
      case "if":
        this.value(statement.condition);
        this.code.if(
          () => this.#block(statement.then),
          statement.otherwise.length > 0 ? () => this.#block(statement.otherwise) : undefined,
        );
        break;
    }
  }

  #declare(local: Local): number {
    const index = this.pool.take(wasmTypeOf(registerOf(local)));
    this.#locals.set(local.id, index);
    this.#scopes.at(-1)?.push(index);
    return index;
  }

  #localIndex(local: Local): number {
    const index = this.#locals.get(local.id);
    if (index === undefined) {
      throw new EngineError(
        `wasm: kernel ${this.#kernel.name} reads local ${local.name} before declaring it`,
      );
    }
    return index;
  }

  #loop(loop: LoopStmt): void {
    const { code } = this;
    const { start, end, variable } = loop;
    let pushEnd = (): void => this.value(end);
    if (end.kind !== "const") {
      // The end is evaluated once.
      const limit = this.pool.take("i32");
      this.#scopes.at(-1)?.push(limit);
      this.value(end);
      code.set(limit);
      pushEnd = () => code.get(limit);
    }
    this.value(start);
    const index = this.#declare(variable);
    code.set(index);
    const body = (): void => {
      this.#addresses.openLoop(loop);
      code.loop(() => {
        this.#block(loop.body);
        this.#next(index, loop.step, pushEnd);
      });
      this.#addresses.closeLoop();
    };
    if (this.ranges.of(start).hi < this.ranges.of(end).lo) body();
    else {
      code.get(index);
      pushEnd();
      code.op(i32.ltS);
      code.if(() => this.#scope(body));
    }
  }

  /** Counts a loop variable up and starts the loop again while it is below the end. */
  #next(index: number, step: number, pushEnd: () => void): void {
    const { code } = this;
    code.get(index);
    code.i32(step);
    code.op(i32.add);
    code.tee(index);
    pushEnd();
    code.op(i32.ltS);
    code.branchIf(0);
  }
}

/** Multiply and add as two instructions. */
const multiplyAdd: Record<Register, { readonly mul: number; readonly add: number } | undefined> = {
  f32,
  f64,
  i32,
  f32x4,
  i32x4,
  bool: undefined,
  mask: undefined,
};
