/**
 * Vector functions that engines take fewer instructions for where an operand is of a known kind. The result is the same
 * to the last bit.
 */
import { extremeOf } from "../../kernel/extreme-choice.ts";
import type { BinaryExpr, Expr, SelectExpr } from "../../kernel/ir.ts";
import { type Emitter, pushSplat } from "./emitter.ts";
import { f32x4, i32x4, v128 } from "./opcodes.ts";
import { registerOf } from "./registers.ts";

/**
 * The larger of two. The general instruction takes some nine of the processor, for the sake of NaN on either side and of
 * zeros; beside a constant the choice `a < b ? b : a` does, which is one. Where it keeps a negative zero beside 0, adding
 * 0 gives 0.
 */
export function emitVectorMax(emitter: Emitter, { a, b }: BinaryExpr): void {
  emitter.value(a);
  emitter.value(b);
  const known = b.kind === "const" && !Number.isNaN(b.value) && !Object.is(b.value, -0);
  emitter.code.op(known ? f32x4.pmax : f32x4.max);
  if (!known || b.value !== 0) return;
  pushSplat(emitter.code, "f32x4", 0);
  emitter.code.op(f32x4.add);
}

/** A sum; a lane of a mask that is true is -1, so that counting is subtracting. */
export function emitVectorSum(emitter: Emitter, { a, b }: BinaryExpr): void {
  emitter.value(a);
  const counts = b.kind === "cast" && registerOf(b.a) === "mask";
  emitter.value(counts ? b.a : b);
  emitter.code.op(counts ? i32x4.sub : i32x4.add);
}

/** What holds in both; what does not hold in one of them is a single instruction. */
export function emitMaskAnd(emitter: Emitter, { a, b }: BinaryExpr): void {
  const without = a.kind === "unary" && a.fn === "not" ? a.a : null;
  emitter.value(without === null ? a : b);
  emitter.value(without ?? b);
  emitter.code.op(without === null ? v128.and : v128.andnot);
}

/** The larger or smaller of two vectors, where a choice is that. @returns false for any other choice. */
export function emitExtremeChoice(emitter: Emitter, e: SelectExpr): boolean {
  const extreme = e.type === "f32" && e.lanes > 1 ? extremeOf(e) : null;
  if (extreme === null) return false;
  emitter.value(extreme.a);
  emitter.value(extreme.b);
  emitter.code.op(extreme.fn === "larger" ? f32x4.pmax : f32x4.pmin);
  return true;
}

/**
 * A choice between two vectors by a condition on each lane, which is a mask of all ones or none. Zeros on one side leave one
 * instruction; else lanes may be chosen by a single bit of the mask where the host can do that, for three instructions of the
 * processor.
 */
export function emitVectorSelect(emitter: Emitter, { condition, a, b }: SelectExpr, relaxed: boolean): void {
  const { code } = emitter;
  if (isZero(a) || isZero(b)) {
    emitter.value(isZero(b) ? a : b);
    emitter.value(condition);
    code.op(isZero(b) ? v128.and : v128.andnot);
    return;
  }
  emitter.value(a);
  emitter.value(b);
  emitter.value(condition);
  code.op(relaxed && registerOf(a) !== "mask" ? i32x4.relaxedLaneselect : v128.bitselect);
}

/** Whether all bits of a value are 0. */
const isZero = (e: Expr): boolean =>
  e.kind === "splat" ? isZero(e.a) : e.kind === "const" && Object.is(e.value, 0);
