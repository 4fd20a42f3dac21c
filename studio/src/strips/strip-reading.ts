/** One column of a strip as a sentence, for screen readers and for the line beside the layer's name. */
import { formatShare, formatSteps, formatValue } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages-en.ts";
import type { StripData } from "./strip-data.ts";

/** The last column where none is chosen (-1). */
export function readingOf(data: StripData, column: number, t: Messages): string {
  if (data.columns === 0) return t.noStrip;
  const place = column < 0 ? data.columns - 1 : column;
  const { strip } = data;
  const steps = formatSteps(strip.first[place] ?? 0, strip.last[place] ?? 0);
  if (strip.kind === "updates") {
    const ratio = data.ratio[place] ?? Number.NaN;
    return Number.isNaN(ratio) ? t.brokenValue(steps) : t.ratioValue({ steps, ratio: formatValue(ratio) });
  }
  if (data.broken.includes(place)) return t.brokenValue(steps);
  return t.stripValue({
    steps,
    mean: formatValue(data.mean[place] ?? Number.NaN),
    std: formatValue(data.std[place] ?? Number.NaN),
    dead: formatShare(strip.dead[place] ?? 0),
  });
}
