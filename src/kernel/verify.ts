/**
 * The verifier of kernel IR: throws on the first thing that no renderer has to expect. It runs after every
 * compiler stage in tests. It does not prove that accesses stay in bounds or that chunks do not race.
 */
import { byteSize, type DType } from "../base/dtype.ts";
import {
  type BufferDecl,
  type Expr,
  type Kernel,
  type Local,
  type ShuffleExpr,
  type Stmt,
  type ValueType,
  valueTypeOf,
} from "./ir.ts";
import type { Call, Place, Program } from "./program.ts";
import { childrenOf } from "./rewrite.ts";
import { binaryDomain, compareDomain, unaryDomain } from "./scalar-math.ts";

/**
 * Checks types and lanes, scopes, mutability, loops, buffers, constants and pointers of a kernel.
 *
 * @throws Error naming the kernel, the statement and what is wrong
 */
export function verifyKernel(kernel: Kernel): void {
  new KernelVerifier(kernel).verify();
}

const typeOf = (e: { readonly type: ValueType; readonly lanes: number }): string =>
  e.lanes === 1 ? e.type : `${e.type}x${e.lanes}`;

class KernelVerifier {
  readonly #kernel: Kernel;
  /** Every local declared so far, whether still in scope or not. */
  readonly #declared = new Map<number, Local>();
  readonly #inScope = new Set<number>();
  /** Element type behind each pointer local; it is fixed where the local is declared. */
  readonly #pointees = new Map<number, DType>();
  #where = "declaration";
  /** Expressions of the current statement that are checked already: they may be shared. */
  #checked = new Set<Expr>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  verify(): void {
    const { buffers, chunks, chunk, body, flops } = this.#kernel;
    this.#expect(
      Number.isInteger(chunks) && chunks >= 1,
      () => `chunks is ${chunks}, not a positive integer`,
    );
    this.#expect(flops >= 0 && flops < Infinity, () => `flops is ${flops}`);
    buffers.forEach((buffer, i) => {
      this.#expect(
        Number.isInteger(buffer.size) && buffer.size >= 0,
        () => `buffer ${i} has size ${buffer.size}, not an integer of 0 or more`,
      );
    });
    this.#declareIndex(chunk, "chunk");
    this.#block(body, "body");
  }

  #fail(message: string): never {
    throw new Error(`kernel "${this.#kernel.name}", ${this.#where}: ${message}`);
  }

  #expect(condition: boolean, message: () => string): asserts condition {
    if (!condition) this.#fail(message());
  }

  #declare(local: Local): void {
    const { id, name, type, lanes } = local;
    this.#expect(
      !this.#declared.has(id),
      () => `local ${name} has id ${id}, which ${this.#nameOf(id)} has already`,
    );
    this.#expect(Number.isInteger(lanes) && lanes >= 1, () => `local ${name} has ${lanes} lanes`);
    this.#expect(type !== "ptr" || lanes === 1, () => `local ${name} is a pointer of ${lanes} lanes`);
    this.#declared.set(id, local);
    this.#inScope.add(id);
  }

  #nameOf(id: number): string {
    return `local ${this.#declared.get(id)?.name ?? id}`;
  }

  /** A chunk or loop variable: one immutable i32. */
  #declareIndex(local: Local, what: string): void {
    this.#expect(
      typeOf(local) === "i32" && !local.mutable,
      () => `${what} ${local.name} must be an immutable i32`,
    );
    this.#declare(local);
  }

  #block(body: readonly Stmt[], where: string): void {
    const outer = new Set(this.#inScope);
    body.forEach((stmt, i) => {
      this.#where = `${where}[${i}] (${stmt.kind})`;
      this.#checked = new Set();
      this.#stmt(stmt, `${where}[${i}]`);
    });
    for (const id of this.#inScope) if (!outer.has(id)) this.#inScope.delete(id);
  }

  #stmt(stmt: Stmt, where: string): void {
    switch (stmt.kind) {
      case "let": {
        this.#expr(stmt.value);
        this.#sameType("value", stmt.value, `local ${stmt.local.name}`, stmt.local);
        this.#declare(stmt.local);
        if (stmt.local.type === "ptr") this.#pointees.set(stmt.local.id, this.#pointee(stmt.value));
        return;
      }
      case "set": {
        this.#use(stmt.local);
        this.#expect(stmt.local.mutable, () => `local ${stmt.local.name} is immutable`);
        this.#expr(stmt.value);
        this.#sameType("value", stmt.value, `local ${stmt.local.name}`, stmt.local);
        if (stmt.local.type === "ptr") this.#samePointee(this.#pointees.get(stmt.local.id), stmt.value);
        return;
      }
      case "loop": {
        this.#index(stmt.start, "start");
        this.#index(stmt.end, "end");
        this.#expect(
          Number.isInteger(stmt.step) && stmt.step > 0,
          () => `step is ${stmt.step}, not a positive integer`,
        );
        this.#declareIndex(stmt.variable, "loop variable");
        this.#block(stmt.body, `${where}.body`);
        this.#inScope.delete(stmt.variable.id);
        return;
      }
      case "prefetch":
        this.#buffer(stmt.buffer, stmt.access);
        this.#index(stmt.index, "index");
        return;
      case "store": {
        const dtype = this.#buffer(stmt.buffer, "write");
        this.#index(stmt.index, "index");
        this.#expr(stmt.value);
        this.#element(stmt.value.type, dtype, `stores to buffer ${stmt.buffer}`);
        this.#active(stmt.active, stmt.value.lanes, dtype);
        return;
      }
      case "if": {
        this.#expr(stmt.condition);
        this.#expect(
          typeOf(stmt.condition) === "bool",
          () => `condition is ${typeOf(stmt.condition)}, not bool`,
        );
        this.#block(stmt.then, `${where}.then`);
        this.#block(stmt.otherwise, `${where}.otherwise`);
      }
    }
  }

  /** Checks how many of the lanes an access is for. */
  #active(active: number | undefined, lanes: number, dtype: DType): void {
    if (active === undefined) return;
    const fits = Number.isInteger(active) && active >= 1 && active < lanes;
    this.#expect(fits, () => `${active} of ${lanes} lanes are active`);
    this.#expect(dtype === "float32" || dtype === "int32", () => `a part of a vector of ${dtype}`);
  }

  #index(e: Expr, what: string): void {
    this.#expr(e);
    this.#expect(typeOf(e) === "i32", () => `${what} is ${typeOf(e)}, not i32`);
  }

  #sameType(what: string, a: Expr | Local, other: string, b: Expr | Local): void {
    this.#expect(typeOf(a) === typeOf(b), () => `${what} is ${typeOf(a)}, but ${other} is ${typeOf(b)}`);
  }

  #use(local: Local): void {
    const { id, name } = local;
    const declared = this.#declared.get(id);
    this.#expect(declared !== undefined, () => `local ${name} (id ${id}) is not defined`);
    this.#expect(this.#inScope.has(id), () => `local ${name} (id ${id}) is out of scope`);
    this.#sameType(`use of local ${name}`, local, "its declaration", declared);
    this.#expect(local.mutable === declared.mutable, () => `local ${name} is used with another "mutable"`);
  }

  #buffer(index: number, access: "read" | "write"): DType {
    const decl = this.#kernel.buffers[index];
    this.#expect(
      decl !== undefined,
      () => `buffer ${index} of ${this.#kernel.buffers.length} does not exist`,
    );
    this.#expect(
      decl.access === "readwrite" || decl.access === "scratch" || decl.access === access,
      () =>
        `${access === "read" ? "reads" : "stores to"} buffer ${index}, which is declared "${decl.access}"`,
    );
    return decl.dtype;
  }

  #element(type: ValueType, dtype: DType, action: string): void {
    this.#expect(
      type === valueTypeOf(dtype),
      () => `${action} of ${dtype} as ${type}, not ${valueTypeOf(dtype)}`,
    );
  }

  #expr(e: Expr): void {
    if (this.#checked.has(e)) return;
    this.#checked.add(e);
    this.#expect(Number.isInteger(e.lanes) && e.lanes >= 1, () => `${e.kind} has ${e.lanes} lanes`);
    for (const child of childrenOf(e)) this.#expr(child);
    this.#node(e);
  }

  /** Checks one expression, whose children are fine. */
  #node(e: Expr): void {
    switch (e.kind) {
      case "const":
        this.#constant(e.type, e.value);
        return;
      case "local":
        this.#use(e.local);
        this.#sameType("use", e, `local ${e.local.name}`, e.local);
        return;
      case "load":
        this.#expect(typeOf(e.index) === "i32", () => `load index is ${typeOf(e.index)}, not i32`);
        this.#element(e.type, this.#buffer(e.buffer, "read"), `loads buffer ${e.buffer}`);
        this.#active(e.active, e.lanes, this.#buffer(e.buffer, "read"));
        return;
      case "loadAt":
        this.#expect(typeOf(e.index) === "i32", () => `loadAt index is ${typeOf(e.index)}, not i32`);
        this.#expect(e.pointer.type === "ptr", () => `loadAt goes through ${typeOf(e.pointer)}, not a ptr`);
        this.#samePointee(e.dtype, e.pointer);
        this.#element(e.type, e.dtype, "loadAt");
        return;
      case "address":
        this.#expect(typeOf(e.index) === "i32", () => `address index is ${typeOf(e.index)}, not i32`);
        this.#expect(typeOf(e) === "ptr", () => `address is ${typeOf(e)}, not ptr`);
        this.#buffer(e.buffer, "read");
        return;
      case "pack":
      case "splat":
      case "iota":
      case "extract":
        this.#laneMove(e);
        return;
      case "shuffle":
        this.#shuffle(e);
        return;
      case "cast":
        this.#expect(e.type !== "ptr" && e.a.type !== "ptr", () => `cast of ${typeOf(e.a)} to ${typeOf(e)}`);
        this.#sameLanes("cast", e, e.a);
        return;
      case "bitcast":
        for (const { type } of [e, e.a]) {
          this.#expect(
            type === "f32" || type === "i32",
            () => `bitcast of ${typeOf(e.a)} to ${typeOf(e)}, not of 32 bits`,
          );
        }
        this.#sameLanes("bitcast", e, e.a);
        return;
      default:
        this.#operation(e);
        return;
    }
  }

  #operation(e: Extract<Expr, { kind: "unary" | "binary" | "fma" | "compare" | "select" }>): void {
    const takes = (domain: readonly ValueType[], name: string, a: Expr): void =>
      this.#expect(
        domain.includes(a.type),
        () => `${name} does not take ${a.type}, only ${domain.join(", ")}`,
      );
    switch (e.kind) {
      case "unary":
        takes(unaryDomain[e.fn], e.fn, e.a);
        this.#sameType(e.fn, e, "its argument", e.a);
        return;
      case "binary":
        this.#sameType(`first argument of ${e.fn}`, e.a, "the second", e.b);
        takes(binaryDomain[e.fn], e.fn, e.a);
        this.#sameType(e.fn, e, "its first argument", e.a);
        return;
      case "fma":
        takes(["f32", "f64", "i32"], "fma", e.a);
        for (const argument of [e.a, e.b, e.c]) this.#sameType("fma", e, "one of its arguments", argument);
        return;
      case "compare":
        this.#sameType(`first argument of ${e.fn}`, e.a, "the second", e.b);
        takes(compareDomain[e.fn], e.fn, e.a);
        this.#expect(e.type === "bool", () => `${e.fn} is ${typeOf(e)}, not bool`);
        this.#sameLanes(e.fn, e, e.a);
        return;
      case "select":
        this.#expect(
          e.condition.type === "bool",
          () => `select's condition is ${typeOf(e.condition)}, not bool`,
        );
        this.#sameLanes("select", e, e.condition);
        this.#sameType("select", e, "its first value", e.a);
        this.#sameType("select", e, "its second value", e.b);
        if (e.type === "ptr") this.#samePointee(this.#pointee(e.a), e.b);
    }
  }

  #laneMove(e: Extract<Expr, { kind: "pack" | "splat" | "iota" | "extract" }>): void {
    this.#expect(e.type !== "ptr", () => `${e.kind} of pointers`);
    if (e.kind === "extract") {
      const { lane } = e;
      this.#expect(e.lanes === 1 && e.a.type === e.type, () => `extract from ${typeOf(e.a)} is ${typeOf(e)}`);
      this.#expect(
        Number.isInteger(lane) && lane >= 0 && lane < e.a.lanes && e.a.lanes > 1,
        () => `extract of lane ${lane} from ${typeOf(e.a)}`,
      );
      return;
    }
    this.#expect(e.lanes > 1, () => `${e.kind} has one lane`);
    if (e.kind === "iota") this.#expect(e.type === "i32", () => `iota is ${typeOf(e)}, not i32`);
    if (e.kind === "splat") {
      this.#expect(typeOf(e.a) === e.type, () => `splat of ${typeOf(e.a)} is ${typeOf(e)}`);
    }
    if (e.kind === "pack") {
      this.#expect(
        e.elements.length === e.lanes,
        () => `pack of ${e.elements.length} elements has ${e.lanes} lanes`,
      );
      for (const a of e.elements) {
        this.#expect(typeOf(a) === e.type, () => `pack to ${typeOf(e)} has an element of ${typeOf(a)}`);
      }
    }
  }

  #shuffle(e: ShuffleExpr): void {
    const { lanes, picks } = e;
    this.#expect(lanes > 1 && e.type !== "ptr", () => `shuffle is ${typeOf(e)}, no vector`);
    for (const operand of [e.a, e.b]) this.#sameType("shuffle", e, "an operand", operand);
    this.#expect(
      picks.length === lanes && picks.every((p) => Number.isInteger(p) && p >= 0 && p < 2 * lanes),
      () => `shuffle of two vectors of ${lanes} lanes picks ${picks.join(", ")}`,
    );
  }

  #sameLanes(what: string, e: Expr, a: Expr): void {
    this.#expect(e.lanes === a.lanes, () => `${what} has ${e.lanes} lanes, its argument ${a.lanes}`);
  }

  #constant(type: ValueType, value: number): void {
    const fits: Record<ValueType, boolean> = {
      f32: !Number.isFinite(value) || Number.isFinite(Math.fround(value)),
      f64: true,
      i32: (value | 0) === value,
      bool: value === 0 || value === 1,
      ptr: false,
    };
    this.#expect(fits[type], () => `constant ${value} does not fit ${type}`);
  }

  /** Element type behind a pointer expression. */
  #pointee(e: Expr): DType {
    switch (e.kind) {
      case "address":
        return this.#buffer(e.buffer, "read");
      case "select":
        return this.#pointee(e.a);
      case "local":
        return this.#pointees.get(e.local.id) ?? this.#fail(`local ${e.local.name} is not a pointer`);
      default:
        return this.#fail(`${e.kind} gives no pointer`);
    }
  }

  #samePointee(dtype: DType | undefined, e: Expr): void {
    const behind = this.#pointee(e);
    this.#expect(behind === dtype, () => `pointer to ${behind} used as a pointer to ${dtype}`);
  }
}

/** The bytes or the slot that one buffer of a call takes. */
interface Region {
  readonly call: number;
  readonly buffer: number;
  readonly name: string;
  readonly access: BufferDecl["access"];
  readonly place: Place;
  readonly bytes: number;
  readonly fillsUp: boolean;
}

/**
 * Checks every kernel of a program, its places and slots, and that no call writes what another call of the
 * same stage, or another buffer of its own that is not "readwrite", touches; but for a call that fills up what another
 * one writes.
 *
 * @throws Error naming the stage, the call and what is wrong
 */
export function verifyProgram(program: Program): void {
  program.kernels.forEach(verifyKernel);
  program.stages.forEach((stage, s) => {
    const regions = stage.calls.flatMap((call, c) => regionsOf(program, call, c, `stage ${s}, call ${c}`));
    verifyDisjoint(regions, `stage ${s}`);
  });
}

function regionsOf(program: Program, call: Call, index: number, where: string): Region[] {
  const kernel = program.kernels[call.kernel];
  if (kernel === undefined) {
    throw new Error(`program, ${where}: kernel ${call.kernel} of ${program.kernels.length} does not exist`);
  }
  const { name, buffers } = kernel;
  const fail = (message: string): never => {
    throw new Error(`program, ${where} ("${name}"): ${message}`);
  };
  if (call.places.length !== buffers.length)
    fail(`${call.places.length} places for ${buffers.length} buffers`);
  return call.places.map((place, i) => {
    // There are as many buffers as places.
    const decl = buffers[i] as (typeof buffers)[number];
    const bytes = decl.size * byteSize(decl.dtype);
    if ((place.kind === "scratch") !== (decl.access === "scratch")) {
      const where = place.kind === "slot" ? "a slot" : `the ${place.kind}`;
      fail(`buffer ${i}, ${decl.access}, lies in ${where}`);
    }
    if (place.kind === "slot") {
      const slot = program.slots[place.slot];
      const wanted = `${decl.dtype}[${decl.size}]`;
      const found = slot === undefined ? "missing" : `${slot.dtype}[${slot.size}]`;
      if (wanted !== found) fail(`buffer ${i} is ${wanted}, but slot ${place.slot} is ${found}`);
    } else {
      const { kind, byteOffset } = place;
      if (byteOffset % 64 !== 0) fail(`buffer ${i} lies at byte ${byteOffset}, not a multiple of 64`);
      const area = kind === "arena" ? program.arenaBytes : (program.scratchBytes ?? 0);
      if (byteOffset < 0 || byteOffset + bytes > area) {
        const a = kind === "arena" ? "an arena" : "a scratch";
        fail(`buffer ${i} takes bytes ${byteOffset} to ${byteOffset + bytes} of ${a} of ${area}`);
      }
    }
    const fillsUp = call.fillsUp === true;
    return { call: index, buffer: i, name, access: decl.access, place, bytes, fillsUp };
  });
}

function overlap(a: Region, b: Region): boolean {
  if (a.bytes === 0 || b.bytes === 0) return false;
  if (a.place.kind === "slot") return b.place.kind === "slot" && a.place.slot === b.place.slot;
  if (b.place.kind === "slot" || a.place.kind !== b.place.kind) return false;
  // Calls of a stage run one after the other on a thread, and none expects anything of its scratch.
  if (a.place.kind === "scratch" && a.call !== b.call) return false;
  return (
    a.place.byteOffset < b.place.byteOffset + b.bytes && b.place.byteOffset < a.place.byteOffset + a.bytes
  );
}

/** Whether two regions that overlap are one buffer, which both only write. */
function shareOneBuffer(a: Region, b: Region): boolean {
  const from = ({ place }: Region): number => (place.kind === "slot" ? 0 : place.byteOffset);
  return a.access === "write" && b.access === "write" && from(a) === from(b) && a.bytes === b.bytes;
}

function verifyDisjoint(regions: readonly Region[], where: string): void {
  for (const writer of regions) {
    if (writer.access === "read") continue;
    for (const other of regions) {
      if (other === writer || !overlap(writer, other)) continue;
      const sameCall = other.call === writer.call;
      // Inside one call, a "readwrite" buffer is where aliasing is declared.
      if (sameCall && (writer.access === "readwrite" || other.access === "readwrite")) continue;
      if (!sameCall && (writer.fillsUp || other.fillsUp) && shareOneBuffer(writer, other)) continue;
      throw new Error(
        `program, ${where}: call ${writer.call} ("${writer.name}") writes its buffer ${writer.buffer}, which overlaps ` +
          `buffer ${other.buffer} of call ${other.call} ("${other.name}")`,
      );
    }
  }
}
