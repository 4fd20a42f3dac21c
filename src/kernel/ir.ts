/**
 * The kernel IR: what one kernel computes, as loops over scalar and vector expressions on flat buffers.
 *
 * It is small on purpose: the schedule decides everything (loop order, vector width, tiles, what is kept in
 * registers) and says it here; a renderer only spells it out. Every loop bound and buffer size is known when the
 * kernel is made. Indices count elements, never bytes. There is no aliasing between the buffers of a kernel except
 * where one buffer is declared "readwrite".
 */
import { byteSize, type DType } from "../base/dtype.ts";
import type { BinaryFn, CompareFn, UnaryFn } from "../base/scalar.ts";

/**
 * Type of a value in a register. A vector of bool is a lane mask. `ptr` is the address of an element of a buffer
 * (always one lane): it lets a loop choose between two buffers once, outside its hot part.
 */
export type ValueType = "f32" | "f64" | "i32" | "bool" | "ptr";

/** A register. Assigned once by "let", or declared by "let" and then changed by "set" when `mutable`. */
export interface Local {
  readonly id: number;
  readonly name: string;
  readonly type: ValueType;
  readonly lanes: number;
  readonly mutable: boolean;
}

interface ExprBase {
  readonly type: ValueType;
  /** 1 for a scalar, the target's vector width for a vector. */
  readonly lanes: number;
}

/** A constant in every lane. For bool, 0 or 1. */
export interface ConstExpr extends ExprBase {
  readonly kind: "const";
  readonly value: number;
}

export interface LocalExpr extends ExprBase {
  readonly kind: "local";
  readonly local: Local;
}

/**
 * `lanes` consecutive elements starting at element `index` of a buffer. float32 loads as f32, float64 as f64,
 * int32 and uint8 as i32, bool (stored as bytes 0 and 1) as bool.
 */
export interface LoadExpr extends ExprBase {
  readonly kind: "load";
  readonly buffer: number;
  readonly index: Expr;
  /**
   * Only this many elements are read, at least one and fewer than `lanes`; the other lanes are 0. For the end of a row
   * that is no multiple of the vector width. float32 and int32 only.
   */
  readonly active?: number;
}

/** As "load", but relative to a pointer: elements `pointer[index] ...`; `dtype` is that of the memory behind it. */
export interface LoadAtExpr extends ExprBase {
  readonly kind: "loadAt";
  readonly pointer: Expr;
  readonly index: Expr;
  readonly dtype: DType;
}

/** Address of element `index` of a buffer. */
export interface AddressExpr extends ExprBase {
  readonly kind: "address";
  readonly buffer: number;
  readonly index: Expr;
}

export interface UnaryExpr extends ExprBase {
  readonly kind: "unary";
  readonly fn: UnaryFn;
  readonly a: Expr;
}

export interface BinaryExpr extends ExprBase {
  readonly kind: "binary";
  readonly fn: BinaryFn;
  readonly a: Expr;
  readonly b: Expr;
}

/** a * b + c, rounded once or twice, whichever the target does faster; always the same on one target. */
export interface FmaExpr extends ExprBase {
  readonly kind: "fma";
  readonly a: Expr;
  readonly b: Expr;
  readonly c: Expr;
}

/** Compares two values of one type; the result is bool with as many lanes. */
export interface CompareExpr extends ExprBase {
  readonly kind: "compare";
  readonly fn: CompareFn;
  readonly a: Expr;
  readonly b: Expr;
}

/** condition ? a : b, lane by lane. Both sides are evaluated. */
export interface SelectExpr extends ExprBase {
  readonly kind: "select";
  readonly condition: Expr;
  readonly a: Expr;
  readonly b: Expr;
}

/**
 * Conversion by value. To i32 it truncates and saturates (NaN gives 0); to bool it is `!= 0`; from bool it gives
 * 0 or 1.
 */
export interface CastExpr extends ExprBase {
  readonly kind: "cast";
  readonly a: Expr;
}

/** The same 32 bits read as the other of f32 and i32. */
export interface BitcastExpr extends ExprBase {
  readonly kind: "bitcast";
  readonly a: Expr;
}

/** A scalar in every lane of a vector. */
export interface SplatExpr extends ExprBase {
  readonly kind: "splat";
  readonly a: Expr;
}

/** The lane numbers 0, 1, 2, ... as an i32 vector. */
export interface IotaExpr extends ExprBase {
  readonly kind: "iota";
}

/** A vector from one scalar per lane. */
export interface PackExpr extends ExprBase {
  readonly kind: "pack";
  readonly elements: readonly Expr[];
}

/** One lane of a vector as a scalar. */
export interface ExtractExpr extends ExprBase {
  readonly kind: "extract";
  readonly a: Expr;
  readonly lane: number;
}

/** Lanes of two vectors: lane i of the result is lane `picks[i]` of a and b side by side. */
export interface ShuffleExpr extends ExprBase {
  readonly kind: "shuffle";
  readonly a: Expr;
  readonly b: Expr;
  readonly picks: readonly number[];
}

export type Expr =
  | ConstExpr
  | LocalExpr
  | LoadExpr
  | LoadAtExpr
  | AddressExpr
  | UnaryExpr
  | BinaryExpr
  | FmaExpr
  | CompareExpr
  | SelectExpr
  | CastExpr
  | BitcastExpr
  | SplatExpr
  | IotaExpr
  | PackExpr
  | ExtractExpr
  | ShuffleExpr;

/** Declares a local with its first value. */
export interface LetStmt {
  readonly kind: "let";
  readonly local: Local;
  readonly value: Expr;
}

/** Gives a mutable local a new value. */
export interface SetStmt {
  readonly kind: "set";
  readonly local: Local;
  readonly value: Expr;
}

/** for (variable = start; variable < end; variable += step). `step` is positive; the variable is immutable inside. */
export interface LoopStmt {
  readonly kind: "loop";
  readonly variable: Local;
  readonly start: Expr;
  readonly end: Expr;
  readonly step: number;
  readonly body: readonly Stmt[];
}

/** Writes `value.lanes` consecutive elements. An i32 stored to uint8 keeps its low byte. */
export interface StoreStmt {
  readonly kind: "store";
  readonly buffer: number;
  readonly index: Expr;
  readonly value: Expr;
  /** Only this many elements are written, the first ones; as for a load. */
  readonly active?: number;
}

/** Runs one of two blocks; the condition is a scalar bool. Locals declared inside end with the block. */
export interface IfStmt {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: readonly Stmt[];
  readonly otherwise: readonly Stmt[];
}

/**
 * Says that the cache line of an element will be wanted soon, to be read or written. Changes nothing; what memory delivers
 * meanwhile, a loop that computes in registers need not wait for later.
 */
export interface PrefetchStmt {
  readonly kind: "prefetch";
  readonly buffer: number;
  readonly index: Expr;
  readonly access: "read" | "write";
}

export type Stmt = LetStmt | SetStmt | LoopStmt | StoreStmt | PrefetchStmt | IfStmt;

/** A buffer that a kernel is given. */
export interface BufferDecl {
  readonly dtype: DType;
  /** Number of elements; every access must stay inside. */
  readonly size: number;
  /** How many of them the kernel has to do with, as the profiler counts bytes. All by default. */
  readonly touched?: number;
  /** "scratch" belongs to the thread that runs the chunk, which finds it with whatever was left there. */
  readonly access: "read" | "write" | "readwrite" | "scratch";
}

/**
 * One kernel. Its body runs once for every value 0..chunks-1 of the local `chunk`, in any order and on any thread;
 * different chunks never write the same element, nor read what another one writes.
 */
export interface Kernel {
  readonly name: string;
  readonly buffers: readonly BufferDecl[];
  readonly chunks: number;
  readonly chunk: Local;
  readonly body: readonly Stmt[];
  /** Floating-point operations of all chunks together, as the profiler counts them. */
  readonly flops: number;
  /** Sizes and functions, for a profile; no part of what the kernel is. */
  readonly about?: string;
}

/** Bytes of a kernel's buffers that it touches, each counted once; scratch, which stays in cache, is left out. */
export function bytesOf({ buffers }: Kernel): number {
  return buffers.reduce((sum, { size, touched = size, dtype, access }) => {
    return access === "scratch" ? sum : sum + touched * byteSize(dtype);
  }, 0);
}

/** Element type in registers of a value stored as `dtype`. */
export function valueTypeOf(dtype: DType): ValueType {
  switch (dtype) {
    case "float32":
      return "f32";
    case "float64":
      return "f64";
    case "int32":
    case "uint8":
      return "i32";
    case "bool":
      return "bool";
  }
}
