/**
 * Old values that would be lost: a store that overwrites a leaf has to come after all that read the leaf, and after
 * all that it is computed from. Where both cannot be had, as when two variables swap their values or one is replaced
 * by its own transpose, the old value has to be set aside first.
 */
import type { Node } from "../graph/node.ts";
import { followersOf, type PartitionInput, readsInPlace } from "./partition.ts";

/** A leaf whose old value is needed after it has been overwritten, or null. */
export function lostValue(input: PartitionInput): Node | null {
  const writers = new Map<number, number>();
  input.stores.forEach((s, i) => {
    if (s.buffer.slot !== null) writers.set(s.buffer.slot, i);
  });
  for (const i of writers.values()) {
    const leaf = overwrittenBy(i, i, input);
    if (leaf !== null) return leaf;
  }
  const circle = circleIn(followersOf(input));
  for (const [k, i] of circle.entries()) {
    const leaf = overwrittenBy(i, circle[(k + 1) % circle.length] as number, input);
    if (leaf !== null) return leaf;
  }
  return null;
}

/** The leaf that store `reader` reads and store `writer` overwrites; what a store reads in its own place is safe. */
function overwrittenBy(reader: number, writer: number, input: PartitionInput): Node | null {
  const { node } = input.stores[reader] as PartitionInput["stores"][number];
  const slot = input.stores[writer]?.buffer.slot ?? null;
  if (slot === null) return null;
  const reads = input.leafSlot(node) === null ? input.readsOf(node) : [node];
  for (const leaf of reads) {
    if (input.leafSlot(leaf) !== slot) continue;
    if (reader !== writer || !readsInPlace(node, new Set([leaf]), input.isStored)) return leaf;
  }
  return null;
}

/** Positions along some circle of a directed graph; none when there is no circle. */
function circleIn(after: readonly (readonly number[])[]): number[] {
  const done = new Set<number>();
  const path: number[] = [];
  const visit = (i: number): number[] | null => {
    if (done.has(i)) return null;
    const since = path.indexOf(i);
    if (since >= 0) return path.slice(since);
    path.push(i);
    for (const j of after[i] ?? []) {
      const circle = visit(j);
      if (circle !== null) return circle;
    }
    path.pop();
    done.add(i);
    return null;
  };
  for (let i = 0; i < after.length; i++) {
    const circle = visit(i);
    if (circle !== null) return circle;
  }
  return [];
}
