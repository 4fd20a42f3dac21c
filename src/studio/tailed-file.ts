/**
 * Reads what a growing file has more than the last time. A look at one that has not grown opens nothing.
 */
import { closeSync, fstatSync, readSync, type Stats } from "node:fs";
import { foundAt, openPlainSync } from "./confined-files.ts";

/** What is new. */
export interface Tail {
  /** Whether the file is another one than before, or shorter: `bytes` are its first ones then. */
  readonly reset: boolean;
  readonly bytes: Uint8Array;
  /** Whether there is more. */
  readonly more: boolean;
}

/** Bytes read at once. */
const most = 16 * 2 ** 20;
const nothing: Tail = { reset: false, bytes: new Uint8Array(), more: false };

export class TailedFile {
  readonly #path: string;
  #offset = 0;
  #identity = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The next bytes; empty at the end of the file. */
  read(): Tail {
    if (this.#isSame()) return nothing;
    const file = openPlainSync(this.#path);
    if (file === null) {
      const reset = this.#identity !== "";
      [this.#offset, this.#identity] = [0, ""];
      return { ...nothing, reset };
    }
    try {
      return this.#readFrom(file);
    } finally {
      closeSync(file);
    }
  }

  #isSame(): boolean {
    const found = foundAt(this.#path);
    return found !== null && identityOf(found) === this.#identity && found.size === this.#offset;
  }

  #readFrom(file: number): Tail {
    const found = fstatSync(file);
    const identity = identityOf(found);
    const reset = this.#identity !== "" && (identity !== this.#identity || found.size < this.#offset);
    if (reset) this.#offset = 0;
    this.#identity = identity;
    const bytes = new Uint8Array(Math.min(most, found.size - this.#offset));
    const count = bytes.length === 0 ? 0 : readSync(file, bytes, 0, bytes.length, this.#offset);
    this.#offset += count;
    return { reset, bytes: bytes.subarray(0, count), more: count > 0 && this.#offset < found.size };
  }
}

const identityOf = ({ dev, ino }: Stats): string => `${dev} ${ino}`;
