/** The numbers that goals are about, by name, and how figures are written. */
import { isMeasured, type Outcome } from "./compare.ts";
import { type Library, type OurId, ourIds } from "./libraries.ts";
import { quartiles, type Sample } from "./timing.ts";

export type Figures = Map<string, number>;

export const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
export const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;
export const times = (ratio: number): string => `${ratio.toFixed(2)}x`;
export const spread = ({ median, min, max }: Sample): string =>
  `${milliseconds(median)} (${min.toFixed(2)} to ${max.toFixed(2)})`;

/** The median of some ratios, and between which two half of them lie. */
export function spreadOf(ratios: readonly number[]): string {
  const { lower, median, upper } = quartiles(ratios);
  return `${times(median)} (${lower.toFixed(2)} to ${upper.toFixed(2)})`;
}

/** The outcome of the library with an id. */
export function outcomeOf(outcomes: ReadonlyMap<Library, Outcome>, id: string): Outcome | undefined {
  return [...outcomes].find(([library]) => library.id === id)?.[1];
}

/** Median milliseconds, or NaN where there are none. */
export function medianOf(outcomes: ReadonlyMap<Library, Outcome>, id: string): number {
  const outcome = outcomeOf(outcomes, id);
  return isMeasured(outcome) ? outcome.time.median : Number.NaN;
}

/** The quickest eager PyTorch, where there are two. */
export function torchMedian(outcomes: ReadonlyMap<Library, Outcome>): number {
  const all = ["torch", "torch-own"].map((id) => medianOf(outcomes, id)).filter((ms) => !Number.isNaN(ms));
  return all.length === 0 ? Number.NaN : Math.min(...all);
}

/** How many times quicker, or nothing where one was not measured. */
export const faster = (theirs: number, ours: number): string =>
  Number.isNaN(theirs / ours) ? "" : times(theirs / ours);

/** How many times as fast an engine is to be as a library, if that is a goal. */
export type Wanted = (library: string, engine: OurId) => number | null;

/** Rows of a table: each library with its time and how much faster each of our engines is. */
export function comparisonRows(outcomes: ReadonlyMap<Library, Outcome>, wanted: Wanted): string[][] {
  return [...outcomes].map(([library, outcome]) => {
    if (!isMeasured(outcome)) return [library.name, `cannot: ${outcome.cannot}`, "", ""];
    const { median } = outcome.time;
    const time = outcome.once ? `${milliseconds(median)} (one turn)` : spread(outcome.time);
    const ratios = ourIds.map((engine) => {
      const ratio = faster(median, medianOf(outcomes, engine));
      const goal = wanted(library.id, engine);
      return ratio === "" || goal === null ? ratio : `${ratio}, wanted ${times(goal)}`;
    });
    return [library.name, time, ...ratios];
  });
}
