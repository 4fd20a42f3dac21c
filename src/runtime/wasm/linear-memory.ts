/**
 * One growing WebAssembly memory. Growing gives a new buffer object (and, when the memory is not shared,
 * empties the old one), so buffer and views are fetched anew for every use.
 */
import { EngineError } from "../../base/errors.ts";

const pageBytes = 65536;
/** All that 32-bit addresses reach: 4 GiB. */
const maximumPages = 65536;
const initialPages = 16;

/** Hosts that cannot reserve 4 GiB of addresses (phones) get half as much, and so on. */
function reserve(shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  for (let maximum = maximumPages; ; maximum /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: initialPages, maximum, shared }), maximum };
    } catch (cause) {
      if (maximum > 1024) continue;
      throw new EngineError("the host gives no memory: 64 MiB could not be reserved", {}, { cause });
    }
  }
}

/** A WebAssembly memory of 1 MiB that grows up to 4 GiB. */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly #maximum: number;
  #words: Int32Array = new Int32Array(0);

  constructor(shared: boolean) {
    const { memory, maximum } = reserve(shared);
    this.memory = memory;
    this.#maximum = maximum;
  }

  /** The whole memory; valid until the next `grow`. */
  get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** The whole memory as 32-bit words; valid until the next `grow`. */
  get words(): Int32Array {
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Int32Array(this.memory.buffer);
    return this.#words;
  }

  /**
   * Makes the memory reach at least `end` bytes and returns the new end. It takes a quarter more than it
   * must, where it can: pages that nobody touches cost nothing.
   * @throws EngineError when the host has no more.
   */
  grow(end: number): number {
    const now = this.byteLength / pageBytes;
    const needed = Math.ceil(end / pageBytes) - now;
    const generous = Math.min(Math.max(needed, Math.ceil(now / 4)), this.#maximum - now);
    for (const pages of new Set([generous, needed])) {
      if (pages < needed) continue;
      try {
        this.memory.grow(pages);
        return this.byteLength;
      } catch {
        // The smaller step is left to try.
      }
    }
    const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    throw new EngineError(
      `out of memory: ${mebibytes(end)} are needed, the memory has ${mebibytes(this.byteLength)} and ` +
        `may grow to ${mebibytes(this.#maximum * pageBytes)}; use a smaller batch or model`,
      { needed: end, available: this.byteLength },
    );
  }
}
