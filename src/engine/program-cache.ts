/**
 * Programs that have been compiled, found again by the structure of the graph they compute.
 */
import { hashSignature, sameSignature } from "../graph/signature.ts";

interface Entry<T> {
  readonly signature: readonly number[];
  readonly value: T;
  used: number;
}

/** Keeps the most recently used values; what falls out is passed to `drop`. */
export class ProgramCache<T> {
  readonly #entries = new Map<number, Entry<T>[]>();
  readonly #limit: number;
  readonly #drop: (value: T) => void;
  #count = 0;
  #clock = 0;

  constructor(limit: number, drop: (value: T) => void) {
    this.#limit = limit;
    this.#drop = drop;
  }

  get size(): number {
    return this.#count;
  }

  get(signature: readonly number[]): T | undefined {
    const found = this.#entries
      .get(hashSignature(signature))
      ?.find((e) => sameSignature(e.signature, signature));
    if (found === undefined) return undefined;
    found.used = ++this.#clock;
    return found.value;
  }

  set(signature: readonly number[], value: T): void {
    if (this.#count >= this.#limit) this.#evict();
    const hash = hashSignature(signature);
    const list = this.#entries.get(hash) ?? [];
    list.push({ signature, value, used: ++this.#clock });
    this.#entries.set(hash, list);
    this.#count++;
  }

  /** Hashes of signatures with the values. */
  *entries(): IterableIterator<[hash: number, value: T]> {
    for (const [hash, list] of this.#entries) for (const e of list) yield [hash, e.value];
  }

  /** Removes everything. */
  clear(): void {
    for (const [, value] of this.entries()) this.#drop(value);
    this.#entries.clear();
    this.#count = 0;
  }

  #evict(): void {
    let oldest: Entry<T> | null = null;
    let home = 0;
    for (const [hash, list] of this.#entries) {
      for (const e of list) {
        if (oldest === null || e.used < oldest.used) {
          oldest = e;
          home = hash;
        }
      }
    }
    if (oldest === null) return;
    const list = (this.#entries.get(home) ?? []).filter((e) => e !== oldest);
    if (list.length === 0) this.#entries.delete(home);
    else this.#entries.set(home, list);
    this.#count--;
    this.#drop(oldest.value);
  }
}
