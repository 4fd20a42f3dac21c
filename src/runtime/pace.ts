/**
 * On how many threads a program runs: a small one has ended on the calling thread before another would have woken up.
 * Where it runs decides nothing but the time it takes: chunks are cut by shape.
 */

/** A program that takes longer than this on all threads is not tried on one: some milliseconds of the event loop's time. */
const longestTry = 1;
/** How the first runs go: on all threads both before and after, as the first of all find caches cold and threads asleep. */
const trial = ["together", "alone", "together"].flatMap((way) => Array<string>(6).fill(way));

/** What the runs of one program have taken so far, and by that how it runs next. */
export class Pace {
  #runs = 0;
  /** The quickest run of each way: others may have been at work on the machine. */
  #together = Number.POSITIVE_INFINITY;
  #alone = Number.POSITIVE_INFINITY;
  #choice: "together" | "alone" | null = null;

  /** Whether the next run is for the calling thread alone. */
  get alone(): boolean {
    return (this.#choice ?? trial[this.#runs]) === "alone";
  }

  /** Notes how many milliseconds a run took that went as `alone` said. */
  took(ms: number): void {
    if (this.#choice !== null) return;
    if (this.alone) this.#alone = Math.min(this.#alone, ms);
    else this.#together = Math.min(this.#together, ms);
    this.#runs++;
    if (this.alone && this.#together > longestTry) this.#choice = "together";
    else if (this.#runs === trial.length) this.#choice = this.#alone < this.#together ? "alone" : "together";
  }
}
