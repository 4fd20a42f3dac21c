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
 * Places of round step numbers along the strip: the column and what is written there. Steps are recorded unevenly, so some
 * would stand closer than `most` of them fit: those are left out. Where no step near a round one was recorded, the number is
 * that of the column.
 */
export function stepTicks(
  strip: Pick<Strip, "first" | "last">,
  most: number,
): readonly { readonly column: number; readonly step: number }[] {
  const columns = strip.first.length;
  if (columns === 0 || most < 1) return [];
  const [first, last] = [strip.first[0] as number, strip.last[columns - 1] as number];
  const spacing = niceStep((last - first) / most);
  // A little less than its share, which even spacing misses by the rounding to columns.
  const room = (0.85 * columns) / most;
  const ticks: { column: number; step: number }[] = [];
  for (let step = Math.ceil(first / spacing) * spacing; step <= last; step += spacing) {
    const column = columnOf(strip, step);
    const before = ticks.at(-1);
    if (before !== undefined && column - before.column < room) continue;
    const held = Math.min(Math.max(step, strip.first[column] as number), strip.last[column] as number);
    ticks.push({ column, step: Math.abs(held - step) <= 0.02 * (last - first) ? step : held });
  }
  return ticks;
}

/** The smallest of 1, 2, 5, 10, 20, 25, 50, 100 ... that is not below the given number. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const factors = power >= 10 ? [1, 2, 2.5, 5] : [1, 2, 5];
  return factors.map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}
