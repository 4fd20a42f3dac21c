import { permute, reshape, slice } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** Elements with equal indices along axis `axis` and the next one, which have one size; the second axis goes. */
export function diagonal(x: Node, axis: number): Node {
  const size = x.shape[axis] as number;
  const rest = x.shape.slice(axis + 2);
  const flat = reshape(x, [...x.shape.slice(0, axis), size * size, ...rest]);
  const start = flat.shape.map(() => 0);
  const step = flat.shape.map((_, d) => (d === axis ? size + 1 : 1));
  return slice(
    flat,
    start,
    flat.shape.map((s, d) => (d === axis ? size : s)),
    step,
  );
}

/** As `diagonal`, for any two axes of one size: the first keeps its place, the second goes. */
export function diagonalOf(x: Node, first: number, second: number): Node {
  const others = x.shape.map((_, d) => d).filter((d) => d !== second);
  const at = others.indexOf(first);
  return diagonal(permute(x, [...others.slice(0, at + 1), second, ...others.slice(at + 1)]), at);
}
