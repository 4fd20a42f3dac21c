/**
 * On how many threads a program runs: a small one has ended on the calling thread before another would have woken up.
 * Where it runs decides nothing but the time it takes: chunks are cut by shape.
 */

/** A program that takes longer than this on all threads is not tried on one: some milliseconds of the event loop's time. */
const longestTry = 1;
/** How the first runs go: on all threads both before and after, as the first of all find caches cold and threads asleep. */
const trial = ["together", "alone", "together"].flatMap((way) => Array<string>(6).fill(way));

/** Where in them all threads are tried for the last time. */
const lastTry = trial.lastIndexOf("alone") + 1;
/**
 * Runs on one thread after which all threads are tried once more, and how many times as long it takes to the next try: the
 * system may have had two threads on one core in the first runs, which then say nothing.
 */
const [firstHold, longerHold] = [200, 4];

/** What the runs of one program have taken so far, and by that how it runs next. */
export class Pace {
  #runs = 0;
  /** The quickest run of each way: others may have been at work on the machine. */
  #together = Number.POSITIVE_INFINITY;
  #alone = Number.POSITIVE_INFINITY;
  #choice: "together" | "alone" | null = null;
  #hold = firstHold;
  /** Runs on one thread until the next try. */
  #held = 0;

  /** Whether the next run is for the calling thread alone. */
  get alone(): boolean {
    return (this.#choice ?? trial[this.#runs]) === "alone";
  }

  /** Whether all threads run it from now on. */
  get isTogether(): boolean {
    return this.#choice === "together";
  }

  /** Notes how many milliseconds a run took that went as `alone` said. */
  took(ms: number): void {
    if (this.#choice !== null) {
      if (this.#choice === "alone" && --this.#held === 0) this.#tryAgain();
      return;
    }
    if (this.alone) this.#alone = Math.min(this.#alone, ms);
    else this.#together = Math.min(this.#together, ms);
    this.#runs++;
    if (this.alone && this.#together > longestTry) this.#choice = "together";
    else if (this.#runs === trial.length) this.#choice = this.#alone < this.#together ? "alone" : "together";
    this.#held = this.#hold;
  }

  #tryAgain(): void {
    this.#choice = null;
    this.#runs = lastTry;
    this.#together = Number.POSITIVE_INFINITY;
    this.#hold *= longerHold;
  }
}
