/**
 * The staging area: where inputs from the host lie before a program runs, and outputs for the host after it.
 */

import { byteSize } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";
import type { GraphWalk } from "../graph/signature.ts";

/** Rounds up to a multiple of 64 bytes, which no vector or cache line crosses. */
export const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Places for inputs that come from the host and for outputs that go there. */
export function stagingLayout(
  graph: GraphWalk,
  targets: readonly { readonly node: Node; readonly variable: object | null }[],
): { leafOffsets: number[]; outputOffsets: number[]; stagingBytes: number } {
  let bytes = 0;
  const place = (node: Node): number => {
    const at = bytes;
    bytes += align(Math.max(sizeOf(node.shape) * byteSize(node.dtype), 1));
    return at;
  };
  // Scalars first and packed: there are many, and they are read at every launch.
  const leafOffsets = graph.leaves.map((leaf) => {
    if (leaf.op.kind !== "scalar") return 0;
    const at = bytes;
    bytes += 8;
    return at;
  });
  bytes = align(bytes);
  graph.leaves.forEach((leaf, i) => {
    if (leaf.value?.kind === "host") leafOffsets[i] = place(leaf);
  });
  const outputOffsets = targets.map((t) => (t.variable === null ? place(t.node) : 0));
  return { leafOffsets, outputOffsets, stagingBytes: bytes };
}
