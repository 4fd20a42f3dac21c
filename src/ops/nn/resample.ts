/**
 * Linear maps along one axis in which each result depends on a few elements only: interpolation by neighbours. The
 * transposed map has the same form, so that gradients gather too, and add in a fixed order.
 */
import type { TypedArray } from "../../base/dtype.ts";
import { binary, expand, gather, hostSource, reduce, reshape, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** result[i] = sum over k of weights[i * taps + k] * x[indices[i * taps + k]]. */
export interface AxisMapping {
  /** Elements that each result depends on. */
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

/** Applies a mapping along an axis. Shape (.., S, ..) -> (.., T, ..). */
export function resample(x: Node, axis: number, mapping: AxisMapping): Node {
  const back = transposed(mapping, x.shape[axis] as number);
  return apply(x, axis, mapping, back);
}

function apply(x: Node, axis: number, mapping: AxisMapping, back: AxisMapping): Node {
  const { taps, indices, weights } = mapping;
  const { shape, dtype } = x;
  const size = indices.length / taps;
  const around = (...middle: number[]): number[] => [
    ...shape.slice(0, axis),
    ...middle,
    ...shape.slice(axis + 1),
  ];
  const line = (data: TypedArray, type: Node["dtype"]): Node =>
    expand(
      reshape(
        hostSource(data, [indices.length], type),
        shape.map((_, d) => (d === axis ? indices.length : 1)),
      ),
      around(indices.length),
    );
  const picked = gather(x, line(indices, "int32"), axis);
  const factor = line(dtype === "float64" ? weights : Float32Array.from(weights), dtype);
  const parts = reshape(binary("mul", picked, factor), around(size, taps));
  const result = reshape(reduce("sum", parts, [axis + 1]), around(size));
  return withGradient(result, [x], (g) => [apply(g, axis, back, mapping)]);
}

/** The mapping that takes gradients of results to those of `size` elements. */
function transposed({ taps, indices, weights }: AxisMapping, size: number): AxisMapping {
  const users: { result: number; weight: number }[][] = Array.from({ length: size }, () => []);
  indices.forEach((index, i) => {
    const weight = weights[i] as number;
    if (weight !== 0) users[index]?.push({ result: Math.floor(i / taps), weight });
  });
  const most = Math.max(1, ...users.map((list) => list.length));
  const back = {
    taps: most,
    indices: new Int32Array(size * most),
    weights: new Float64Array(size * most),
  };
  users.forEach((list, index) => {
    // A tap of weight 0 reads what the element reads anyway: infinities elsewhere stay where they are.
    back.indices.fill(list[0]?.result ?? 0, index * most, (index + 1) * most);
    list.forEach(({ result, weight }, k) => {
      back.indices[index * most + k] = result;
      back.weights[index * most + k] = weight;
    });
  });
  return back;
}
