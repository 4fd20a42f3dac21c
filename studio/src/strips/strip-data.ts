/**
 * A strip as the page draws it: the protocol's columns as arrays of numbers, and what is computed from them once.
 * Nothing here touches the document.
 */
import type { Strip } from "../../../src/studio/protocol.ts";
import { toNumber } from "../api/loose.ts";
import { pixels } from "./color-map.ts";

export interface StripData {
  readonly strip: Strip;
  readonly columns: number;
  readonly mean: Float64Array;
  readonly std: Float64Array;
  readonly ratio: Float64Array;
  /** Columns in which anything is NaN or infinite. */
  readonly broken: readonly number[];
  /** The histogram as pixels, `columns` wide and `bins` high, highest value on top. */
  readonly image: Uint32Array<ArrayBuffer>;
}

/** Bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Column by column with the lowest row first becomes row by row with the highest on top. */
export function imageOf(histogram: Uint8Array, columns: number, bins: number): Uint32Array<ArrayBuffer> {
  const image = new Uint32Array(columns * bins);
  for (let column = 0; column < columns; column++) {
    for (let bin = 0; bin < bins; bin++) {
      const byte = histogram[column * bins + bin] ?? 0;
      image[(bins - 1 - bin) * columns + column] = pixels[byte] as number;
    }
  }
  return image;
}

export function readStrip(strip: Strip): StripData {
  const columns = strip.first.length;
  const numbers = (values: Strip["mean"]): Float64Array => Float64Array.from(values, toNumber);
  const mean = numbers(strip.mean);
  const std = numbers(strip.std);
  // Beside weights without any spread every update is infinitely large, which is no breakdown.
  const isBroken = (column: number): boolean =>
    strip.kind === "updates"
      ? Number.isNaN(mean[column] as number)
      : (strip.nonFinite[column] ?? 0) > 0 || !Number.isFinite(mean[column] as number);
  const broken = [...mean.keys()].filter(isBroken);
  return {
    strip,
    columns,
    mean,
    std,
    ratio: numbers(strip.ratio),
    broken,
    image: imageOf(bytesOf(strip.histogram), columns, strip.bins),
  };
}

/** The column whose steps hold a step, or the nearest one; -1 where there are none. */
export function columnOf(strip: Pick<Strip, "first" | "last">, step: number): number {
  const columns = strip.first.length;
  let low = 0;
  let high = columns - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((strip.first[middle] as number) <= step) low = middle;
    else high = middle - 1;
  }
  if (columns === 0) return -1;
  const next = low + 1;
  if (next >= columns || step <= (strip.last[low] as number)) return low;
  const before = step - (strip.last[low] as number);
  return (strip.first[next] as number) - step < before ? next : low;
}

/**
 * Places of step numbers along the strip: the column and what is written there. Steps are recorded densely at first, so the
 * axis is even at neither end: the roundest numbers come first, others where there is room for them. The first column has
 * its own number; a number that was not recorded stands where one was that differs by 2% at most. No number is beyond the last.
 */
export function stepTicks(
  strip: Pick<Strip, "first" | "last">,
  most: number,
): readonly { readonly column: number; readonly step: number }[] {
  const columns = strip.first.length;
  if (columns === 0 || most < 1) return [];
  // A little less than its share, which even spacing misses by the rounding to columns.
  const room = (0.85 * columns) / most;
  const found = [{ column: 0, step: strip.first[0] as number }];
  const candidates = [...strip.first.keys()].map((column) => roundestIn(strip, column));
  candidates.sort((a, b) => b.unit - a.unit || a.column - b.column);
  for (const { column, step } of candidates) {
    if (found.every((other) => Math.abs(other.column - column) >= room)) found.push({ column, step });
  }
  return found.sort((a, b) => a.column - b.column);
}

/** The roundest number among the steps of a column, and by what it can be divided: 1, 2 or 5 times a power of ten. */
function roundestIn(
  { first, last }: Pick<Strip, "first" | "last">,
  column: number,
): { readonly column: number; readonly step: number; readonly unit: number } {
  const [low, most] = [0.98 * (first[column] as number), last.at(-1) as number];
  const high = Math.min(1.02 * (last[column] as number), most);
  for (let power = 10 ** Math.floor(Math.log10(Math.max(high, 1))); power >= 1; power /= 10) {
    for (const unit of [5 * power, 2 * power, power]) {
      const step = Math.floor(high / unit) * unit;
      if (step >= low && step > 0 && columnOf({ first, last }, step) === column)
        return { column, step, unit };
    }
  }
  const step = first[column] as number;
  return { column, step, unit: 0 };
}
