/** Samples that compute element by element, and the numbers they try. */
import type { DType } from "../base/dtype.ts";
import { int, Locals, loop, store, use } from "../kernel/build.ts";
import type { Expr } from "../kernel/ir.ts";
import { buffer, programOf, type Sample } from "./render.test-helper.ts";

export type Element = "f32" | "f64" | "i32" | "bool";

export const dtypeOf: Record<Element, DType> = {
  f32: "float32",
  f64: "float64",
  i32: "int32",
  bool: "bool",
};

export const floats: readonly number[] = [
  ...[0, -0, 0.3, -0.3, 0.5, -0.5, 1, -1, 1.5, 2.5, -2.5, 3, -3.7, 7.25, 100.5, -1234.5, 1e-3, 5e8, -5e8],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 10, -10],
];
export const ints: readonly number[] = [
  ...[0, 1, -1, 2, -2, 3, -3, 7, -7, 31, 100, -100, 65535, 0x12345678, 2 ** 31 - 1, -(2 ** 31)],
];
export const samplesOf: Record<Element, readonly number[]> = {
  f32: floats,
  f64: floats,
  i32: ints,
  bool: [0, 1, 1, 0],
};

/** Lane counts that a renderer has for a type: there is no vector of float64. */
export const lanesFor = (type: Element, lanes: readonly number[]): readonly number[] =>
  type === "f64" ? [1] : lanes;

/**
 * Stores `make(i)` to elements i, i + lanes, ... of buffer 0. Inputs are lists that begin again where they end, so that
 * the last vector is full.
 */
export function elementwise(
  lanes: number,
  output: DType,
  inputs: readonly (readonly [DType, readonly number[]])[],
  make: (index: Expr) => Expr,
  tolerance = 0,
): Sample {
  const longest = Math.max(1, ...inputs.map(([, values]) => values.length));
  const count = Math.ceil(longest / lanes) * lanes;
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const body = [loop(i, int(0), int(count), lanes, [store(0, use(i), make(use(i)))])];
  const buffers = [buffer(output, count, "write"), ...inputs.map(([dtype]) => buffer(dtype, count))];
  const cycled = (values: readonly number[]): number[] =>
    Array.from({ length: count }, (_, at) => values[at % values.length] as number);
  const contents = [undefined, ...inputs.map(([, values]) => cycled(values))];
  return { program: programOf(buffers, chunk, body), contents, tolerance };
}
