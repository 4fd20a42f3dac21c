/**
 * Vectors of every second element, from two vectors that lie side by side: what a pool reads of a row, or a convolution that
 * goes by two. Nothing is read before the first element or behind the last one.
 */
import type { DType } from "../../base/dtype.ts";
import { add, int, load, shuffle } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";

/** Whether elements are as wide as the lanes of vectors that are shuffled. */
export const is32Bit = (dtype: DType): boolean => dtype === "float32" || dtype === "int32";

/** How far elements of a vector may lie apart to be picked out of others. */
export const pickedStride = 2;

/** Elements from the first one to the last one of so many that are picked. */
export const pickedSpan = (active: number): number => pickedStride * (active - 1) + 1;

/** Where elements lie: the kernel's buffer, and the place of the first one in it. */
interface From {
  readonly buffer: number;
  readonly dtype: DType;
  readonly at: Expr;
}

/**
 * @param active how many elements there are to pick, for the first lanes; the others get any element
 * @param keep puts a value in a register
 */
export function everySecond(
  { buffer, dtype, at }: From,
  lanes: number,
  active: number,
  keep: (e: Expr) => Expr,
): Expr {
  const span = pickedSpan(active);
  const places = Array.from({ length: lanes }, (_, l) => (l < active ? pickedStride * l : 0));
  const first = keep(load(buffer, dtype, at, lanes, Math.min(span, lanes)));
  if (span <= lanes) return shuffle(first, first, places);
  const behind = span - lanes;
  const second = keep(load(buffer, dtype, add(at, int(behind)), lanes));
  return shuffle(
    first,
    second,
    places.map((place) => (place < lanes ? place : place - behind + lanes)),
  );
}
