/**
 * Axes that are several in one shape and one in another: the pixels of a line, which a contraction may have in pairs.
 */
import type { Shape } from "../base/shape.ts";

/**
 * How many axes of `parts` make each axis of `whole`, in order and without axes of size 1; null where the shapes are not
 * such.
 */
export function mergedAxes(parts: Shape, whole: Shape): number[] | null {
  const sizes = parts.filter((s) => s !== 1);
  const counts: number[] = [];
  let next = 0;
  for (const size of whole) {
    if (size === 1) continue;
    let product = 1;
    const first = next;
    while (product < size && next < sizes.length) product *= sizes[next++] as number;
    if (product !== size) return null;
    counts.push(next - first);
  }
  return next === sizes.length ? counts : null;
}
