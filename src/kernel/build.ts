/**
 * Constructors of kernel IR with their type rules and the obvious constant folding, so that whoever builds a
 * kernel writes `add(i, mul(j, int(4)))` and gets a well-typed, small expression.
 */
import type { DType } from "../base/dtype.ts";
import type { BinaryFn, CompareFn, UnaryFn } from "../base/scalar.ts";
import { type Expr, type Local, type Stmt, type ValueType, valueTypeOf } from "./ir.ts";

export function constant(value: number, type: ValueType, lanes = 1): Expr {
  return { kind: "const", type, lanes, value };
}

export function int(value: number): Expr {
  return constant(value, "i32");
}

export function use(local: Local): Expr {
  return { kind: "local", type: local.type, lanes: local.lanes, local };
}

export function unary(fn: UnaryFn, a: Expr): Expr {
  return { kind: "unary", type: a.type, lanes: a.lanes, fn, a };
}

const isConst = (e: Expr, value: number): boolean => e.kind === "const" && e.value === value;

/** A binary function; integer arithmetic on constants and with neutral elements is folded. */
export function binary(fn: BinaryFn, a: Expr, b: Expr): Expr {
  if (a.lanes !== b.lanes) {
    if (a.lanes === 1) return binary(fn, splat(a, b.lanes), b);
    return binary(fn, a, splat(b, a.lanes));
  }
  if (a.type === "i32") {
    if (a.kind === "const" && b.kind === "const") {
      const folded = foldInt(fn, a.value, b.value);
      if (folded !== undefined) return constant(folded, "i32", a.lanes);
    }
    if (fn === "add" && isConst(a, 0)) return b;
    if ((fn === "add" || fn === "sub") && isConst(b, 0)) return a;
    if (fn === "mul" && isConst(a, 1)) return b;
    if ((fn === "mul" || fn === "idiv") && isConst(b, 1)) return a;
    if (fn === "mul" && (isConst(a, 0) || isConst(b, 0))) return constant(0, "i32", a.lanes);
  }
  return { kind: "binary", type: a.type, lanes: a.lanes, fn, a, b };
}

function foldInt(fn: BinaryFn, a: number, b: number): number | undefined {
  switch (fn) {
    case "add":
      return (a + b) | 0;
    case "sub":
      return (a - b) | 0;
    case "mul":
      return Math.imul(a, b);
    case "idiv":
      return b === 0 ? undefined : Math.floor(a / b);
    case "mod":
      return b === 0 ? undefined : a - Math.floor(a / b) * b;
    case "max":
      return Math.max(a, b);
    case "min":
      return Math.min(a, b);
    default:
      return undefined;
  }
}

export const add = (a: Expr, b: Expr): Expr => binary("add", a, b);
export const sub = (a: Expr, b: Expr): Expr => binary("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => binary("mul", a, b);

export function fma(a: Expr, b: Expr, c: Expr): Expr {
  return { kind: "fma", type: c.type, lanes: c.lanes, a, b, c };
}

export function compare(fn: CompareFn, a: Expr, b: Expr): Expr {
  if (a.lanes !== b.lanes) {
    if (a.lanes === 1) return compare(fn, splat(a, b.lanes), b);
    return compare(fn, a, splat(b, a.lanes));
  }
  return { kind: "compare", type: "bool", lanes: a.lanes, fn, a, b };
}

export function select(condition: Expr, a: Expr, b: Expr): Expr {
  const lanes = Math.max(condition.lanes, a.lanes, b.lanes);
  if (condition.kind === "const" && condition.type === "bool")
    return splat(condition.value === 0 ? b : a, lanes);
  return {
    kind: "select",
    type: a.type,
    lanes,
    condition: splat(condition, lanes),
    a: splat(a, lanes),
    b: splat(b, lanes),
  };
}

export function cast(a: Expr, type: ValueType): Expr {
  if (a.type === type) return a;
  return { kind: "cast", type, lanes: a.lanes, a };
}

export function bitcast(a: Expr, type: "f32" | "i32"): Expr {
  return a.type === type ? a : { kind: "bitcast", type, lanes: a.lanes, a };
}

/** `a` in every lane; a vector, or one lane asked for, is returned as it is. */
export function splat(a: Expr, lanes: number): Expr {
  if (a.lanes === lanes) return a;
  if (a.kind === "const") return constant(a.value, a.type, lanes);
  return { kind: "splat", type: a.type, lanes, a };
}

export function iota(lanes: number): Expr {
  return lanes === 1 ? int(0) : { kind: "iota", type: "i32", lanes };
}

export function pack(elements: readonly Expr[]): Expr {
  const first = elements[0];
  if (first === undefined) throw new RangeError("pack: no elements");
  if (elements.length === 1) return first;
  return { kind: "pack", type: first.type, lanes: elements.length, elements };
}

export function extract(a: Expr, lane: number): Expr {
  if (a.lanes === 1) return a;
  return { kind: "extract", type: a.type, lanes: 1, a, lane };
}

/** Lanes of two vectors of one type, by their place in a and b side by side. */
export function shuffle(a: Expr, b: Expr, picks: readonly number[]): Expr {
  return { kind: "shuffle", type: a.type, lanes: a.lanes, a, b, picks };
}

/** Reads `lanes` elements, or the first `active` of them. */
export function load(buffer: number, dtype: DType, index: Expr, lanes = 1, active: number = lanes): Expr {
  const whole = { kind: "load", type: valueTypeOf(dtype), lanes, buffer, index } as const;
  return active < lanes ? { ...whole, active } : whole;
}

export function loadAt(pointer: Expr, dtype: DType, index: Expr, lanes = 1): Expr {
  return { kind: "loadAt", type: valueTypeOf(dtype), lanes, pointer, index, dtype };
}

export function address(buffer: number, index: Expr): Expr {
  return { kind: "address", type: "ptr", lanes: 1, buffer, index };
}

/** Writes all lanes of a value, or the first `active` of them. */
export function store(buffer: number, index: Expr, value: Expr, active: number = value.lanes): Stmt {
  const whole = { kind: "store", buffer, index, value } as const;
  return active < value.lanes ? { ...whole, active } : whole;
}

export function prefetch(buffer: number, index: Expr, access: "read" | "write"): Stmt {
  return { kind: "prefetch", buffer, index, access };
}

export function set(local: Local, value: Expr): Stmt {
  return { kind: "set", local, value };
}

export function loop(variable: Local, start: Expr, end: Expr, step: number, body: readonly Stmt[]): Stmt {
  return { kind: "loop", variable, start, end, step, body };
}

export function when(condition: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt {
  return { kind: "if", condition, then, otherwise };
}

/** Hands out the locals of one kernel, numbered from `firstId` on (a rewrite starts above the kernel's highest). */
export class Locals {
  #next: number;

  constructor(firstId = 0) {
    this.#next = firstId;
  }

  /** A local that is assigned once. */
  local(name: string, type: ValueType, lanes = 1): Local {
    return { id: this.#next++, name, type, lanes, mutable: false };
  }

  /** A local that "set" may change. */
  variable(name: string, type: ValueType, lanes = 1): Local {
    return { id: this.#next++, name, type, lanes, mutable: true };
  }
}

/** Declares a local: `define(l, e)` reads "let l = e". */
export function define(local: Local, value: Expr): Stmt {
  return { kind: "let", local, value };
}
