/**
 * Programs that have been compiled, found again by the structure of the graph they compute.
 */
import { hashSignature, sameSignature } from "../graph/signature.ts";

/** A value in the cache. */
export interface CacheEntry<T> {
  readonly signature: readonly number[];
  readonly value: T;
  /** The larger, the later it was used. */
  used: number;
  /** Whether it has fallen out. */
  dropped: boolean;
}

/** Keeps the most recently used values; what falls out is passed to `drop`. */
export class ProgramCache<T> {
  readonly #entries = new Map<number, CacheEntry<T>[]>();
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

  get(signature: readonly number[]): CacheEntry<T> | undefined {
    const found = this.#entries
      .get(hashSignature(signature))
      ?.find((e) => sameSignature(e.signature, signature));
    if (found !== undefined) this.touch(found);
    return found;
  }

  /** Notes that an entry is used. */
  touch(entry: CacheEntry<T>): void {
    entry.used = ++this.#clock;
  }

  set(signature: readonly number[], value: T): CacheEntry<T> {
    if (this.#count >= this.#limit) this.#evict();
    const hash = hashSignature(signature);
    const list = this.#entries.get(hash) ?? [];
    const entry = { signature, value, used: ++this.#clock, dropped: false };
    list.push(entry);
    this.#entries.set(hash, list);
    this.#count++;
    return entry;
  }

  /** Hashes of signatures with the values. */
  *entries(): IterableIterator<[hash: number, value: T]> {
    for (const [hash, list] of this.#entries) for (const e of list) yield [hash, e.value];
  }

  /** Removes everything. */
  clear(): void {
    for (const list of this.#entries.values()) for (const entry of list) this.#letGo(entry);
    this.#entries.clear();
    this.#count = 0;
  }

  #evict(): void {
    let oldest: CacheEntry<T> | null = null;
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
    this.#letGo(oldest);
  }

  #letGo(entry: CacheEntry<T>): void {
    entry.dropped = true;
    this.#drop(entry.value);
  }
}
