/**
 * The curve of a run as it grows. Columns are typed arrays that double when they are full; `view` gives what is there
 * without copying, so that 20,000 steps cost nothing to look at.
 */
import type { StepColumns } from "../../../src/studio/protocol.ts";
import { toNumber } from "../api/loose.ts";

const names = ["step", "epoch", "loss", "lr", "seconds", "samples"] as const;
type Name = (typeof names)[number];

export type SeriesView = Readonly<Record<Name, Float64Array>>;

export class StepSeries {
  #columns: Record<Name, Float64Array>;
  #length = 0;

  constructor(capacity = 1024) {
    const column = (): Float64Array => new Float64Array(capacity);
    this.#columns = {
      step: column(),
      epoch: column(),
      loss: column(),
      lr: column(),
      seconds: column(),
      samples: column(),
    };
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Takes rows that begin at row `from` and are the newest there are. What stood there is replaced (a training that was
   * resumed goes back some steps); rows that would leave a hole are refused.
   *
   * @returns whether the rows fitted
   */
  put(from: number, rows: StepColumns): boolean {
    if (from > this.#length) return false;
    const length = from + rows.step.length;
    this.#reserve(length);
    for (const name of names) {
      const target = this.#columns[name];
      rows[name].forEach((value, i) => {
        target[from + i] = toNumber(value);
      });
    }
    this.#length = length;
    return true;
  }

  /** The first `length` rows, or all; valid until the next call of put. */
  view(most = this.#length): SeriesView {
    const length = Math.min(most, this.#length);
    const part = (name: Name): Float64Array => this.#columns[name].subarray(0, length);
    return {
      step: part("step"),
      epoch: part("epoch"),
      loss: part("loss"),
      lr: part("lr"),
      seconds: part("seconds"),
      samples: part("samples"),
    };
  }

  #reserve(length: number): void {
    const capacity = this.#columns.step.length;
    if (length <= capacity) return;
    const larger = Math.max(length, 2 * capacity);
    for (const name of names) {
      const column = new Float64Array(larger);
      column.set(this.#columns[name]);
      this.#columns[name] = column;
    }
  }
}

/** The step at which the loss is no finite number for the first time; null while it is. */
export function firstBrokenStep({ step, loss }: SeriesView): number | null {
  const at = loss.findIndex((value) => !Number.isFinite(value));
  return at < 0 ? null : (step[at] as number);
}

/** The row at which each epoch ends, by number of the epoch. */
export function epochEnds({ epoch }: SeriesView): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const [row, number] of epoch.entries()) ends.set(number, row);
  return ends;
}
