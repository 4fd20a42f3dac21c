import type { Target } from "../kernel/program.ts";

/** Vectors of a target: how many lanes, and whether those of half the lanes take half the time. */
export type Vectors = Pick<Target, "lanes" | "halves">;

/** Share of the vector operations that has to remain at most where several pixels lie in a vector. */
const worthwhile = 0.7;

/**
 * How many neighbouring pixels of few channels fill a vector best; null where one does.
 *
 * @param width columns of the kernel: a window for several pixels is wider by as many, less one
 * @param places pixels in a line
 */
export function pixelsInVector(
  channels: number,
  width: number,
  places: number,
  { lanes, halves }: Vectors,
): 2 | 4 | null {
  // What a pixel in a vector of its own takes.
  const alone = halves === true && channels <= lanes / 2 ? 0.5 : 1;
  for (const count of [4, 2] as const) {
    const remaining = (width + count - 1) / (width * count) / alone;
    if (count * channels <= lanes && places % count === 0 && remaining <= worthwhile) return count;
  }
  return null;
}
