/**
 * What is wrong with an epoch that is going on. Rules are asked at every record, and what a single one of them says is not
 * told: a verdict comes when three records in a row have it, and goes when three in a row do not. What is no number is told
 * at once.
 */
import type { LayerTable } from "./layer-table.ts";
import type { VerdictText } from "./protocol.ts";
import { judge, keyOf, type Window } from "./verdicts.ts";

/** Records in a row that must agree. */
const inARow = 3;
/** Records that are looked at together, at least; those of the epoch before where the epoch has fewer. */
const together = 10;
/** The first steps of a training are no measure: the loss has had no time to fall, and Adam's steps are large. */
const leastSteps = 50;

/** The rule that is heard at once. */
const loudRule = "non-finite";
const isLoud = ({ rule }: VerdictText): boolean => rule === loudRule;

export class OpenEpoch {
  #key = "";
  #epoch = 0;
  #verdicts: readonly VerdictText[] = [];
  /** What the rules said at each of the last records, by position. */
  #looks = new Map<number, readonly VerdictText[]>();

  clear(): void {
    [this.#key, this.#epoch, this.#verdicts] = ["", 0, []];
    this.#looks.clear();
  }

  /** @param window From the epoch's first step to the newest one. */
  verdicts(table: LayerTable, window: Window, classes: number): readonly VerdictText[] {
    const end = table.recordAt(window.lastStep + 1);
    const finite = Number.isFinite(window.losses.at(-1) ?? 0);
    const key = `${window.epoch} ${end} ${finite}`;
    if (key === this.#key) return this.#verdicts;
    this.#key = key;
    if (this.#epoch !== window.epoch) [this.#epoch, this.#verdicts] = [window.epoch, []];
    const found = this.#found(table, window, end, classes);
    const before = new Map(this.#verdicts.map((verdict) => [keyOf(verdict), verdict]));
    this.#verdicts = found.map((verdict) => {
      const first = before.get(keyOf(verdict));
      return first === undefined ? verdict : { ...verdict, step: first.step };
    });
    return this.#verdicts;
  }

  #found(table: LayerTable, window: Window, end: number, classes: number): VerdictText[] {
    // Asked anew every time: the loss may be NaN where nothing was recorded since.
    const loud = judge(table, window, classes, loudRule);
    const looks = Array.from({ length: inARow }, (_, back) => this.#look(table, window, end - back, classes));
    for (const position of this.#looks.keys()) if (position <= end - inARow) this.#looks.delete(position);
    const newest = new Map<string, VerdictText>();
    const times = new Map<string, number>();
    for (const verdict of looks.flat()) {
      const key = keyOf(verdict);
      if (!newest.has(key)) newest.set(key, verdict);
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    const shown = new Set(this.#verdicts.map(keyOf));
    const kept = [...newest].flatMap(([key, verdict]) =>
      times.get(key) === inARow || shown.has(key) ? [verdict] : [],
    );
    return [...loud, ...kept];
  }

  /** What the rules say of the records before a position. */
  #look(table: LayerTable, window: Window, end: number, classes: number): readonly VerdictText[] {
    const known = this.#looks.get(end);
    if (known !== undefined) return known;
    const [last, first] = [table.records[end - 1], table.records[end - together]];
    const after = window.lastStep - (last?.step ?? 0);
    const losses = window.losses.slice(0, window.losses.length - after);
    const isEarly = last === undefined || first === undefined || losses.length < leastSteps;
    const firstStep = Math.min(window.firstStep, first?.step ?? 0);
    const found = isEarly
      ? []
      : judge(table, { ...window, firstStep, lastStep: last.step, losses }, classes).filter(
          (v) => !isLoud(v),
        );
    this.#looks.set(end, found);
    return found;
  }
}
