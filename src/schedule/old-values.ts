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

/** Positions along some circle of a directed graph, each before the one that follows it; none without a circle. */
function circleIn(after: readonly (readonly number[])[]): number[] {
  const before: number[][] = after.map(() => []);
  const waiting = after.map(() => 0);
  after.forEach((list, i) => {
    for (const j of list) {
      before[j]?.push(i);
      waiting[j] = (waiting[j] as number) + 1;
    }
  });
  // What waits for nothing goes, until only circles and what comes after them are left.
  const ready = waiting.flatMap((count, i) => (count === 0 ? [i] : []));
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    for (const j of after[i] ?? []) {
      waiting[j] = (waiting[j] as number) - 1;
      if (waiting[j] === 0) ready.push(j);
    }
  }
  const left = (i: number): boolean => (waiting[i] as number) > 0;
  const path: number[] = [];
  const seen = new Set<number>();
  let at = after.findIndex((_, i) => left(i));
  if (at < 0) return [];
  while (!seen.has(at)) {
    seen.add(at);
    path.push(at);
    // Whatever is left waits for something that is left.
    at = before[at]?.find(left) as number;
  }
  return path.slice(path.indexOf(at)).reverse();
}
