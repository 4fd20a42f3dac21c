/**
 * The arena: intermediates of one program get offsets so that those alive at the same time do not overlap. A value
 * is alive from the stage that writes it first to the stage that reads it last, both included, since the calls of
 * one stage run side by side.
 */

export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Offsets are multiples of this, which no vector or cache line crosses. */
export const alignment = 64;

export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Byte offset of every interval, and the size of the arena. Larger ones are placed first, each as low as it fits. */
export function planMemory(intervals: readonly Interval[]): { offsets: number[]; bytes: number } {
  const offsets = intervals.map(() => 0);
  const bySize = intervals.map((_, i) => i).sort((a, b) => size(intervals, b) - size(intervals, a) || a - b);
  const placed: number[] = [];
  let bytes = 0;
  for (const i of bySize) {
    const own = intervals[i] as Interval;
    const busy = placed
      .filter((j) => overlap(own, intervals[j] as Interval))
      .map((j) => [offsets[j] as number, (offsets[j] as number) + size(intervals, j)] as const)
      .sort((a, b) => a[0] - b[0]);
    let at = 0;
    for (const [from, to] of busy) {
      if (from - at >= size(intervals, i)) break;
      at = Math.max(at, to);
    }
    offsets[i] = at;
    placed.push(i);
    bytes = Math.max(bytes, at + size(intervals, i));
  }
  return { offsets, bytes };
}

function size(intervals: readonly Interval[], i: number): number {
  return aligned((intervals[i] as Interval).bytes);
}

function overlap(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}
