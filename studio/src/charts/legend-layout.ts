/** Where the names of the curves stand in a saved picture, in CSS pixels. */
import type { ChartSeries } from "./chart-spec.ts";

/** Room for the dash before a name in the legend, and after it. */
export const beforeName = 30;
const afterName = 20;
export const lineHeight = 18;

export interface LegendEntry {
  readonly series: ChartSeries;
  readonly x: number;
  readonly line: number;
}

/** Places of the names of the curves, in as many lines as they need. */
export function layLegend(
  series: readonly ChartSeries[],
  widthOf: (text: string) => number,
  width: number,
): readonly LegendEntry[] {
  let [x, line] = [0, 0];
  return series
    .filter((one) => one.look !== "faint")
    .map((one) => {
      const size = beforeName + widthOf(one.label);
      if (x > 0 && x + size > width) [x, line] = [0, line + 1];
      const entry = { series: one, x, line };
      x += size + afterName;
      return entry;
    });
}
