/**
 * Advanced indexing: several index tensors are broadcast together and pick elements jointly, as PyTorch's
 * t[[0, 1], [2, 3]].
 */
import { ArgumentError } from "../../base/errors.ts";
import { broadcastShapes, type Shape, sizeOf } from "../../base/shape.ts";
import { binary, compare, constant, expand, permute, reshape, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { indexSelect } from "./pick.ts";

/** Flattens the indexed axes into one, and gathers from it at the joint positions. */
export function pickJointly(x: Node, picked: readonly { axis: number; index: Node }[]): Node {
  const shape = picked.reduce<Shape>((s, p) => broadcastShapes(s, p.index.shape, "index"), []);
  const axes = picked.map((p) => p.axis);
  const sizes = axes.map((d) => x.shape[d] as number);
  const others = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const otherSizes = others.map((d) => x.shape[d] as number);
  let position = constant(0, shape, "int32");
  picked.forEach(({ index }, i) => {
    const at = expand(wrapped(index, sizes[i] as number), shape);
    position = binary("add", binary("mul", position, constant(sizes[i] as number, shape, "int32")), at);
  });
  const flat = reshape(permute(x, [...axes, ...others]), [sizeOf(sizes), ...otherSizes]);
  const chosen = indexSelect(flat, 0, reshape(position, [sizeOf(shape)]));
  const result = reshape(chosen, [...shape, ...otherSizes]);
  // Adjacent index axes leave their result in their place; scattered ones put it in front.
  const adjacent = axes.every((d, i) => i === 0 || d === (axes[i - 1] as number) + 1);
  const first = axes[0] as number;
  if (!adjacent || first === 0) return result;
  const lead = shape.length;
  const before = Array.from({ length: first }, (_, i) => lead + i);
  const middle = Array.from({ length: lead }, (_, i) => i);
  const after = Array.from({ length: others.length - first }, (_, i) => lead + first + i);
  return permute(result, [...before, ...middle, ...after]);
}

/** Negative positions count from the back. */
function wrapped(index: Node, size: number): Node {
  const { value } = index;
  if (value?.kind === "host" && value.data !== null) {
    const bad = value.data.find((v) => v < -size || v >= size);
    if (bad !== undefined) {
      throw new ArgumentError(`index: position ${bad} is out of range for a dimension of size ${size}`, {
        bad,
        size,
      });
    }
  }
  const negative = compare("lt", index, constant(0, index.shape, "int32"));
  return where(negative, binary("add", index, constant(size, index.shape, "int32")), index);
}
