/**
 * Random numbers from Philox 4x32-10 (Salmon et al., 2011): element i of a tensor depends only on the seed, the
 * number of the draw, and i. Nothing is consumed in an order that threads could change.
 */
import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { binary, cast, constant, random, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** Key and offset of one draw: four int32 scalars. */
export type RandomState = readonly Node[];

/** Uniform in [0, 1), 24 bits in float32 and 32 in float64. */
export function uniform01(state: RandomState, shape: Shape, dtype: DType, word: 0 | 1 | 2 | 3 = 0): Node {
  const bits = random(word, state, shape);
  const top = binary("shr", bits, constant(8, shape, "int32"));
  if (dtype !== "float64") return binary("mul", cast(top, "float32"), constant(2 ** -24, shape, "float32"));
  const low = binary("and", bits, constant(255, shape, "int32"));
  const scaled = binary("mul", cast(top, "float64"), constant(2 ** -24, shape, "float64"));
  return binary("add", scaled, binary("mul", cast(low, "float64"), constant(2 ** -32, shape, "float64")));
}

/** Standard normal, by Box and Muller (1958): sqrt(-2 ln u) * cos(2 pi v) with u in (0, 1]. */
export function normal01(state: RandomState, shape: Shape, dtype: DType): Node {
  const one = constant(1, shape, dtype);
  const u = binary("sub", one, uniform01(state, shape, dtype, 0));
  const v = uniform01(state, shape, dtype, 1);
  const radius = unary("sqrt", binary("mul", unary("log", u), constant(-2, shape, dtype)));
  return binary("mul", radius, unary("cos", binary("mul", v, constant(2 * Math.PI, shape, dtype))));
}

/** Integers low <= n < high, int32. The span is at most 2 ** 24, where every value is equally likely. */
export function integers(state: RandomState, low: number, high: number, shape: Shape): Node {
  const u = uniform01(state, shape, "float64");
  const scaled = unary("floor", binary("mul", u, constant(high - low, shape, "float64")));
  return binary("add", cast(scaled, "int32"), constant(low, shape, "int32"));
}
