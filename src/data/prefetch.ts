/**
 * Prepares items ahead of their use, one task of the event loop each, so that the next batch is made while
 * the consumer waits for the engine. An item is never later than its use: what is not there yet is made at
 * once.
 */
import { isNode } from "../base/env.ts";

/**
 * Iterates over `make(0)` to `make(count - 1)`, in order.
 *
 * @param depth How many items are prepared ahead. 0: each is made when it is asked for.
 */
export function prefetch<T>(
  count: number,
  make: (index: number) => T | Promise<T>,
  depth: number,
): AsyncIterableIterator<T> {
  return new Prefetcher(count, make, depth);
}

class Prefetcher<T> implements AsyncIterableIterator<T> {
  readonly #count: number;
  readonly #make: (index: number) => T | Promise<T>;
  readonly #depth: number;
  /** Items made and not yet asked for, in order. */
  readonly #ready: Promise<T>[] = [];
  #nextIndex = 0;
  #cancel: (() => void) | undefined;
  #done = false;

  constructor(count: number, make: (index: number) => T | Promise<T>, depth: number) {
    this.#count = count;
    this.#make = make;
    this.#depth = depth;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.#done || (this.#ready.length === 0 && this.#nextIndex >= this.#count)) {
      this.#stop();
      return { done: true, value: undefined };
    }
    const item = this.#ready.shift() ?? this.#produce();
    try {
      const value = await item;
      this.#schedule();
      return { done: false, value };
    } catch (error) {
      this.#stop();
      throw error;
    }
  }

  /** Called when the consumer leaves its loop early. */
  return(): Promise<IteratorResult<T>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  #produce(): Promise<T> {
    const index = this.#nextIndex++;
    const item = new Promise<T>((resolve) => {
      resolve(this.#make(index));
    });
    // An error waits for its turn in next(); until then it must not count as unhandled.
    item.catch(() => undefined);
    return item;
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#done) return;
    if (this.#ready.length >= this.#depth || this.#nextIndex >= this.#count) return;
    this.#cancel = nextTask(() => {
      this.#cancel = undefined;
      if (this.#ready.length < this.#depth && this.#nextIndex < this.#count)
        this.#ready.push(this.#produce());
      this.#schedule();
    });
  }

  #stop(): void {
    this.#done = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ready.length = 0;
  }
}

/** Runs something in a task of its own, soon. @returns What cancels it. */
function nextTask(run: () => void): () => void {
  if (isNode) {
    const handle = setImmediate(run);
    return () => clearImmediate(handle);
  }
  // Browsers delay nested timers by 4 ms, which does no harm: whoever asks earlier is served at once.
  const handle = setTimeout(run, 0);
  return () => clearTimeout(handle);
}
