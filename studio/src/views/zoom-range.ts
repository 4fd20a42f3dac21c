/** The part of the training that strips show, after zooming. */

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Fewer steps than this are not zoomed into. */
const leastSteps = 8;

/**
 * Scales the shown range around a step, within what was recorded. The whole is written as no range at all, so that it
 * grows with the training.
 */
export function zoomedRange(
  shown: Range,
  recorded: Range,
  factor: number,
  around: number,
): { readonly from: number | null; readonly to: number | null } {
  const whole = recorded.last - recorded.first;
  const size = Math.max((shown.last - shown.first) * factor, Math.min(leastSteps, whole));
  if (size >= whole) return { from: null, to: null };
  const share = (around - shown.first) / Math.max(shown.last - shown.first, 1);
  const wanted = around - Math.min(1, Math.max(0, share)) * size;
  const from = Math.round(Math.min(Math.max(wanted, recorded.first), recorded.last - size));
  return { from, to: Math.round(from + size) };
}
