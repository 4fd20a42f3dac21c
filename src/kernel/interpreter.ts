/**
 * The oracle: runs a program in plain JavaScript, slowly and obviously. Every renderer is tested against it.
 *
 * Each expression becomes one closure that gives a number, or an array of lanes for a vector (bool as 0 or
 * 1). Arrays are never changed once made. f32 results are rounded after every operation. Every access is
 * checked against the buffer's declared size. It does not check types: that is the verifier's part.
 */
import { byteSize, type TypedArray, viewOf } from "../base/dtype.ts";
import type { Expr, Kernel, LoadAtExpr, LoadExpr, Local, Stmt, ValueType } from "./ir.ts";
import type { Place, Program } from "./program.ts";
import { comparison, floatBinary, floatUnary, intBinary, intUnary, toInt32 } from "./scalar-math.ts";

type Lanes = readonly number[];
type Value = number | Lanes;
type Eval = () => Value;
type Run = () => void;
type RunKernel = (views: readonly TypedArray[]) => void;

/**
 * Runs every stage, call and chunk of a program, in order.
 *
 * @param memory holds the arena and all slots
 * @param arenaBase byte address of the arena
 * @param slotAddresses byte address of each slot
 * @throws RangeError naming kernel, buffer and index when an access is out of bounds
 */
export function interpret(
  program: Program,
  memory: ArrayBufferLike,
  arenaBase: number,
  slotAddresses: readonly number[],
): void {
  const addressOf = (place: Place): number => {
    if (place.kind === "slot") return item(slotAddresses, place.slot, "slot address");
    return arenaBase + (place.kind === "scratch" ? program.arenaBytes : 0) + place.byteOffset;
  };
  const stamp = (element: number): void => {
    if (program.clock === undefined) return;
    const at = item(slotAddresses, program.clock, "slot address");
    new Float64Array(memory, at, program.stages.length + 1)[element] = performance.now();
  };
  stamp(0);
  program.stages.forEach((stage, i) => {
    for (const call of stage.calls) {
      const kernel = item(program.kernels, call.kernel, "kernel");
      const views = kernel.buffers.map((buffer, i) => {
        const byteAddress = addressOf(item(call.places, i, `place of kernel "${kernel.name}"`));
        if (byteAddress + buffer.size * byteSize(buffer.dtype) > memory.byteLength) {
          throw new RangeError(
            `kernel "${kernel.name}": buffer ${i} at byte ${byteAddress} ends outside memory`,
          );
        }
        return viewOf(buffer.dtype, memory, byteAddress, buffer.size);
      });
      runnerOf(kernel)(views);
    }
    stamp(i + 1);
  });
}

const runners = new WeakMap<Kernel, RunKernel>();

function runnerOf(kernel: Kernel): RunKernel {
  let run = runners.get(kernel);
  if (run === undefined) {
    run = new KernelCompiler(kernel).compile();
    runners.set(kernel, run);
  }
  return run;
}

function item<T>(list: readonly T[], index: number, what: string): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`no ${what} ${index}`);
  return found;
}

/** A pointer is one number: buffer and index (any i32) packed, both exact in a double. */
const pointerSpan = 2 ** 32;
const pointerBias = 2 ** 31;
const packPointer = (buffer: number, index: number): number => buffer * pointerSpan + index + pointerBias;

/** Rounds a double, or an exact integer, to what a register of the type holds. */
function rounding(type: ValueType): (x: number) => number {
  return type === "f32" ? Math.fround : (x) => x;
}

/** Turns one kernel into closures over its registers and the views of the current call. */
class KernelCompiler {
  readonly #kernel: Kernel;
  readonly #registers: Value[] = [];
  readonly #slots = new Map<number, number>();
  #views: readonly TypedArray[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  compile(): RunKernel {
    const { chunk, chunks, body } = this.#kernel;
    const chunkSlot = this.#slot(chunk);
    const run = this.#block(body);
    return (views) => {
      this.#views = views;
      for (let c = 0; c < chunks; c++) {
        this.#registers[chunkSlot] = c;
        run();
      }
    };
  }

  #slot(local: Local): number {
    let slot = this.#slots.get(local.id);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(local.id, slot);
    }
    return slot;
  }

  #block(body: readonly Stmt[]): Run {
    const steps = body.map((stmt) => this.#stmt(stmt));
    return () => {
      for (const step of steps) step();
    };
  }

  #stmt(stmt: Stmt): Run {
    const registers = this.#registers;
    switch (stmt.kind) {
      case "let":
      case "set": {
        const value = this.#expr(stmt.value);
        const slot = this.#slot(stmt.local);
        return () => {
          registers[slot] = value();
        };
      }
      case "loop": {
        const start = this.#scalar(stmt.start);
        const end = this.#scalar(stmt.end);
        const slot = this.#slot(stmt.variable);
        const body = this.#block(stmt.body);
        return () => {
          const stop = end();
          for (let i = start(); i < stop; i += stmt.step) {
            registers[slot] = i;
            body();
          }
        };
      }
      case "if": {
        const condition = this.#scalar(stmt.condition);
        const then = this.#block(stmt.then);
        const otherwise = this.#block(stmt.otherwise);
        return () => (condition() ? then() : otherwise());
      }
      case "prefetch": {
        const index = this.#scalar(stmt.index);
        return () => {
          this.#access("prefetch of", stmt.buffer, index(), 1);
        };
      }
      case "store": {
        const index = this.#scalar(stmt.index);
        const value = this.#expr(stmt.value);
        const { buffer } = stmt;
        const lanes = stmt.active ?? stmt.value.lanes;
        return () => {
          const first = index();
          const stored = value();
          const view = this.#access("store to", buffer, first, lanes);
          if (typeof stored === "number") view[first] = stored;
          else for (let i = 0; i < lanes; i++) view[first + i] = stored[i] as number;
        };
      }
    }
  }

  /** The view of a buffer, after checking that elements first .. first + lanes - 1 lie in it. */
  #access(what: string, buffer: number, first: number, lanes: number): TypedArray {
    const view = this.#views[buffer];
    if (view === undefined || !(first >= 0 && first + lanes <= view.length)) {
      const range = lanes === 1 ? `index ${first}` : `indices ${first} to ${first + lanes - 1}`;
      const target = `buffer ${buffer} of size ${view?.length ?? "unknown"}`;
      throw new RangeError(`kernel "${this.#kernel.name}": ${what} ${target} at ${range}`);
    }
    return view;
  }

  #scalar(e: Expr): () => number {
    if (e.lanes !== 1)
      throw new TypeError(`kernel "${this.#kernel.name}": a scalar is needed, not ${e.lanes} lanes`);
    // An expression of one lane always gives a number.
    return this.#expr(e) as () => number;
  }

  // long: one case per kind of expression, each a line or three.
  #expr(e: Expr): Eval {
    switch (e.kind) {
      case "const": {
        const value = splatted(rounding(e.type)(e.value), e.lanes);
        return () => value;
      }
      case "local": {
        const registers = this.#registers;
        const slot = this.#slot(e.local);
        return () => registers[slot] as Value;
      }
      case "load":
      case "loadAt":
        return this.#load(e);
      case "address": {
        const index = this.#scalar(e.index);
        return () => packPointer(e.buffer, index());
      }
      case "unary":
        return lanewise1(e.lanes, unaryFunction(e.fn, e.type), this.#expr(e.a));
      case "binary":
        return lanewise2(e.lanes, binaryFunction(e.fn, e.type), this.#expr(e.a), this.#expr(e.b));
      case "fma": {
        const round = rounding(e.type);
        const fn =
          e.type === "i32"
            ? (a: number, b: number, c: number) => (Math.imul(a, b) + c) | 0
            : (a: number, b: number, c: number) => round(a * b + c);
        return lanewise3(e.lanes, fn, this.#expr(e.a), this.#expr(e.b), this.#expr(e.c));
      }
      case "compare":
        return lanewise2(e.lanes, comparison[e.fn], this.#expr(e.a), this.#expr(e.b));
      case "select":
        return lanewise3(
          e.lanes,
          (c, a, b) => (c !== 0 ? a : b),
          this.#expr(e.condition),
          this.#expr(e.a),
          this.#expr(e.b),
        );
      case "cast":
        return lanewise1(e.lanes, castFunction(e.type), this.#expr(e.a));
      case "bitcast":
        return lanewise1(e.lanes, e.type === "f32" ? floatOfBits : bitsOfFloat, this.#expr(e.a));
      case "splat": {
        const a = this.#scalar(e.a);
        return () => splatted(a(), e.lanes);
      }
      case "iota": {
        const value = e.lanes === 1 ? 0 : Array.from({ length: e.lanes }, (_, i) => i);
        return () => value;
      }
      case "pack": {
        const elements = e.elements.map((element) => this.#scalar(element));
        return () => elements.map((element) => element());
      }
      case "extract": {
        const a = this.#expr(e.a);
        return () => (a() as Lanes)[e.lane] as number;
      }
      case "shuffle": {
        const [a, b] = [this.#expr(e.a), this.#expr(e.b)];
        return () => {
          const both = [...(a() as Lanes), ...(b() as Lanes)];
          return e.picks.map((pick) => both[pick] as number);
        };
      }
    }
  }

  #load(e: LoadExpr | LoadAtExpr): Eval {
    const index = this.#scalar(e.index);
    const pointer = e.kind === "loadAt" ? this.#scalar(e.pointer) : () => packPointer(e.buffer, 0);
    const { lanes } = e;
    const active = (e.kind === "load" ? e.active : undefined) ?? lanes;
    const inactive = new Array<number>(lanes - active).fill(0);
    // A byte other than 0 and 1 behind a bool counts as true.
    const read = e.type === "bool" ? (x: number) => (x !== 0 ? 1 : 0) : (x: number) => x;
    return () => {
      const packed = pointer();
      const buffer = Math.floor(packed / pointerSpan);
      const first = packed - buffer * pointerSpan - pointerBias + index();
      const view = this.#access("load from", buffer, first, active);
      if (lanes === 1) return read(view[first] as number);
      return [...Array.from(view.subarray(first, first + active), read), ...inactive];
    };
  }
}

function splatted(value: number, lanes: number): Value {
  return lanes === 1 ? value : new Array<number>(lanes).fill(value);
}

function unaryFunction(fn: string, type: ValueType): (a: number) => number {
  if (type === "bool") return (a) => 1 - a;
  if (type === "i32") return lookUp(intUnary, fn, type);
  const plain = lookUp(floatUnary, fn, type);
  return type === "f32" ? (a) => Math.fround(plain(a)) : plain;
}

function binaryFunction(fn: string, type: ValueType): (a: number, b: number) => number {
  // On 0 and 1 the bitwise functions are the logical ones.
  if (type === "i32" || type === "bool") return lookUp(intBinary, fn, type);
  const plain = lookUp(floatBinary, fn, type);
  return type === "f32" ? (a, b) => Math.fround(plain(a, b)) : plain;
}

function lookUp<F>(table: Readonly<Record<string, F>>, fn: string, type: ValueType): F {
  const found = table[fn];
  if (found === undefined) throw new TypeError(`${fn} does not take ${type}`);
  return found;
}

function castFunction(to: ValueType): (a: number) => number {
  switch (to) {
    case "f32":
      return Math.fround;
    case "i32":
      return toInt32;
    case "bool":
      return (a) => (a !== 0 ? 1 : 0);
    default:
      return (a) => a;
  }
}

const scratch = new DataView(new ArrayBuffer(4));

function floatOfBits(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function bitsOfFloat(x: number): number {
  scratch.setFloat32(0, x);
  return scratch.getInt32(0);
}

function lanewise1(lanes: number, fn: (a: number) => number, a: Eval): Eval {
  if (lanes === 1) return () => fn(a() as number);
  return () => (a() as Lanes).map((x) => fn(x));
}

function lanewise2(lanes: number, fn: (a: number, b: number) => number, a: Eval, b: Eval): Eval {
  if (lanes === 1) return () => fn(a() as number, b() as number);
  return () => {
    const x = a() as Lanes;
    const y = b() as Lanes;
    return x.map((xi, i) => fn(xi, y[i] as number));
  };
}

function lanewise3(
  lanes: number,
  fn: (a: number, b: number, c: number) => number,
  a: Eval,
  b: Eval,
  c: Eval,
): Eval {
  if (lanes === 1) return () => fn(a() as number, b() as number, c() as number);
  return () => {
    const x = a() as Lanes;
    const y = b() as Lanes;
    const z = c() as Lanes;
    return x.map((xi, i) => fn(xi, y[i] as number, z[i] as number));
  };
}
