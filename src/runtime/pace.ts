/**
 * On how many threads a program runs: a small one has ended on the calling thread before another would have woken up.
 * Where it runs decides nothing but the time it takes: chunks are cut by shape.
 */

/** A program that takes longer than this on all threads is not tried on one: some milliseconds of the event loop's time. */
const longestTry = 1;
/** Runs in each way before one is chosen; the quickest of them counts, since others may be at work on the machine. */
const tries = 5;

/** What the runs of one program have taken so far, and by that how it runs next. */
export class Pace {
  #together: number[] = [];
  #alone: number[] = [];
  #choice: "together" | "alone" | null = null;

  /** Whether the next run is for the calling thread alone. */
  get alone(): boolean {
    if (this.#choice !== null) return this.#choice === "alone";
    return this.#together.length === tries;
  }

  /** Notes how many milliseconds a run took that went as `alone` said. */
  took(ms: number): void {
    if (this.#choice !== null) return;
    (this.alone ? this.#alone : this.#together).push(ms);
    const together = Math.min(...this.#together);
    if (this.#together.length < tries) return;
    if (together > longestTry) this.#choice = "together";
    else if (this.#alone.length === tries) {
      this.#choice = Math.min(...this.#alone) < together ? "alone" : "together";
    }
  }
}
