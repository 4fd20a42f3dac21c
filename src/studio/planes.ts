/**
 * Arrays of numbers as planes of bytes, which a page draws.
 */
import type { Planes } from "./protocol.ts";

/**
 * One scale for all planes, from the smallest to the largest number; what is no number is drawn as the smallest, and counted.
 *
 * @param bounds In place of the smallest and the largest.
 */
export function toPlanes(
  data: ArrayLike<number>,
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  bounds?: readonly [low: number, high: number],
): Planes {
  const length = count * height * width;
  let [low, high] = bounds ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; bounds === undefined && i < length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 0];
  const scale = high > low ? 255 / (high - low) : 0;
  const bytes = new Uint8Array(length);
  let nonFinite = 0;
  for (let i = 0; i < length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) nonFinite++;
    const clear = Number.isNaN(value) ? low : Math.min(high, Math.max(low, value));
    bytes[i] = Math.round((clear - low) * scale);
  }
  return { count, height, width, low, high, nonFinite, data: Buffer.from(bytes).toString("base64") };
}
