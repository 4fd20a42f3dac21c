/** Arrow keys on charts, strips and maps: all move a cursor over places that count from 0. */

/** The place after a key, or null for keys that move nothing. Shift takes ten at a time. */
export function moved(
  event: Pick<KeyboardEvent, "key" | "shiftKey">,
  place: number,
  count: number,
  rowLength = 1,
): number | null {
  const stride = event.shiftKey ? 10 : 1;
  const steps: Record<string, number> = {
    ArrowLeft: -stride,
    ArrowRight: stride,
    ArrowUp: rowLength > 1 ? -rowLength : stride,
    ArrowDown: rowLength > 1 ? rowLength : -stride,
    PageUp: -Math.max(1, Math.round(count / 10)),
    PageDown: Math.max(1, Math.round(count / 10)),
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  const step = steps[event.key];
  if (step === undefined || count === 0) return null;
  return Math.min(Math.max(place + step, 0), count - 1);
}
