/** Vectors of elements that lie evenly apart. */
import type { DType } from "../../base/dtype.ts";
import {
  add,
  binary,
  compare,
  constant,
  extract,
  int,
  type Locals,
  load,
  pack,
  select,
  set,
  use,
  when,
} from "../../kernel/build.ts";
import { type Expr, type Stmt, valueTypeOf } from "../../kernel/ir.ts";
import { everySecond, is32Bit, pickedSpan, pickedStride } from "./strided.ts";

/** Where the elements of a vector lie. */
export interface Elements {
  /** The kernel's buffer. */
  readonly buffer: number;
  readonly dtype: DType;
  /** The place of the first one. */
  readonly at: Expr;
  /** From one to the next. */
  readonly stride: number;
  readonly lanes: number;
  /** How many are wanted, for the first lanes; the others get any element. */
  readonly active: number;
}

/** Elements from the first to the last, where a vector may be read as a whole; null where it may not. */
export function spanOf({ dtype, stride, lanes, active }: Omit<Elements, "at">): number | null {
  if (stride === 1) return active === lanes || is32Bit(dtype) ? active : null;
  return stride === pickedStride && is32Bit(dtype) ? pickedSpan(active) : null;
}

/** @param keep puts a value in a register */
export function readVector(elements: Elements, keep: (e: Expr) => Expr): Expr {
  const { buffer, dtype, at, stride, lanes, active } = elements;
  return stride === 1
    ? load(buffer, dtype, at, lanes, active)
    : everySecond({ buffer, dtype, at }, lanes, active, keep);
}

/**
 * A vector of which only lanes that meet a condition are looked at, and the others may lie outside of the buffer: it is read
 * as a whole where it lies inside, and lane by lane at the buffer's ends.
 *
 * @param size elements of the buffer
 */
export function readWhereInside(
  elements: Elements,
  condition: Expr,
  size: number,
  locals: Locals,
): { readonly statements: readonly Stmt[]; readonly value: Expr } {
  const { buffer, dtype, at, stride, lanes, active } = elements;
  const type = valueTypeOf(dtype);
  const row = locals.variable("row", type, lanes);
  const statements: Stmt[] = [];
  const whole = readVector(elements, (e) => {
    const local = locals.local("part", e.type, e.lanes);
    statements.push({ kind: "let", local, value: e });
    return use(local);
  });
  const lane = (l: number): Expr =>
    l < active
      ? load(buffer, dtype, select(extract(condition, l), add(at, int(l * stride)), int(0)))
      : constant(0, type);
  const single = pack(Array.from({ length: lanes }, (_, l) => lane(l)));
  const last = size - (spanOf(elements) as number);
  const isInside = binary("and", compare("le", int(0), at), compare("le", at, int(last)));
  return {
    statements: [
      { kind: "let", local: row, value: constant(0, type, lanes) },
      when(isInside, [...statements, set(row, whole)], [set(row, single)]),
    ],
    value: use(row),
  };
}
