/**
 * Work of many strips that takes turns, so that the page scrolls smoothly while they come in: requests a few at a time,
 * drawing within a part of each frame; both for strips in view first. Nothing here touches the document.
 */

/** A piece of work that waits for its turn. */
export interface Turn {
  /** Read when a turn is given: 0 comes before 1. */
  readonly rank: () => number;
  readonly work: () => unknown;
}

/** Takes out the first of those with the lowest rank. */
function takeFirst(waiting: Set<Turn>): Turn | undefined {
  let found: Turn | undefined;
  for (const turn of waiting) if (found === undefined || turn.rank() < found.rank()) found = turn;
  if (found !== undefined) waiting.delete(found);
  return found;
}

/** Pieces of work that take a while, at most so many at the same time. */
export class Requests {
  readonly #most: (rank: number) => number;
  readonly #waiting = new Set<Turn>();
  #running = 0;

  /** @param most How many may be under way before one of a rank begins. */
  constructor(most: (rank: number) => number) {
    this.#most = most;
  }

  /** `work` gives a promise that never rejects. */
  add(turn: Turn): void {
    this.#waiting.add(turn);
    this.#start();
  }

  /** Takes back what has not begun. */
  remove(turn: Turn): void {
    this.#waiting.delete(turn);
  }

  #start(): void {
    for (;;) {
      const turn = takeFirst(this.#waiting);
      if (turn === undefined) return;
      if (this.#running >= this.#most(turn.rank())) {
        this.#waiting.add(turn);
        return;
      }
      this.#running++;
      void Promise.resolve(turn.work()).finally(() => {
        this.#running--;
        this.#start();
      });
    }
  }
}

/** Pieces of work that are done in animation frames, as many in each as its budget allows. */
export class FrameWork {
  readonly #budget: number;
  readonly #nextFrame: (work: () => void) => void;
  readonly #now: () => number;
  readonly #waiting = new Set<Turn>();
  #asked = false;

  /** @param budget Milliseconds of each frame after which nothing more is begun. */
  constructor(
    budget: number,
    nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work),
    now: () => number = () => performance.now(),
  ) {
    this.#budget = budget;
    this.#nextFrame = nextFrame;
    this.#now = now;
  }

  /** Done once, however often it is added before its turn. */
  add(turn: Turn): void {
    this.#waiting.add(turn);
    this.#ask();
  }

  remove(turn: Turn): void {
    this.#waiting.delete(turn);
  }

  #ask(): void {
    if (this.#asked || this.#waiting.size === 0) return;
    this.#asked = true;
    this.#nextFrame(() => {
      this.#asked = false;
      const end = this.#now() + this.#budget;
      do takeFirst(this.#waiting)?.work();
      while (this.#waiting.size > 0 && this.#now() < end);
      this.#ask();
    });
  }
}
