/** Pixels that a digit of the axis' font is wide. */
const digit = 7;
/** Wide enough for most labels: curves of several charts begin at one place. */
const least = 52;

/** Pixels that the labels of a vertical axis need. */
export function axisWidth(labels: readonly (string | null)[] | null): number {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label?.length ?? 0));
  return Math.max(least, 12 + digit * longest);
}
