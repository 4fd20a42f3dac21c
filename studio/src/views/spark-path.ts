/** A small curve as an SVG path. */
import type { Loose } from "../../../src/studio/protocol.ts";
import { toNumber } from "../api/loose.ts";

const [width, height, margin] = [36, 16, 1.5];

/** Empty where there are not two points to draw a line between. */
export function sparkPath(values: readonly Loose[]): string {
  const numbers = values.map(toNumber);
  const finite = numbers.filter(Number.isFinite);
  if (finite.length < 2) return "";
  // From 0 on: a loss that hardly moves is a flat line.
  const [low, high] = [Math.min(0, ...finite), Math.max(...finite)];
  const x = (i: number): number => margin + (i / (numbers.length - 1)) * (width - 2 * margin);
  const y = (value: number): number =>
    high === low ? height / 2 : margin + ((high - value) / (high - low)) * (height - 2 * margin);
  const place = (value: number, i: number): string => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  return numbers
    .flatMap((value, i) => {
      if (!Number.isFinite(value)) return [];
      return [`${Number.isFinite(numbers[i - 1]) ? "L" : "M"}${place(value, i)}`];
    })
    .join("");
}
