/**
 * Reads what a growing file has more than the last time.
 */
import { openPlain } from "./confined-files.ts";

/** What is new. */
export interface Tail {
  /** Whether the file is another one than before, or shorter: `bytes` are its first ones then. */
  readonly reset: boolean;
  readonly bytes: Uint8Array;
}

/** Bytes read at once. */
const most = 64 * 2 ** 20;
const nothing: Tail = { reset: false, bytes: new Uint8Array() };

export class TailedFile {
  readonly #path: string;
  #offset = 0;
  #identity = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The next bytes; empty at the end of the file. */
  async read(): Promise<Tail> {
    const file = await openPlain(this.#path);
    if (file === null) {
      const reset = this.#identity !== "";
      [this.#offset, this.#identity] = [0, ""];
      return { ...nothing, reset };
    }
    try {
      const { size, ino, dev } = await file.stat();
      const identity = `${dev} ${ino}`;
      const reset = this.#identity !== "" && (identity !== this.#identity || size < this.#offset);
      if (reset) this.#offset = 0;
      this.#identity = identity;
      const wanted = Math.min(most, size - this.#offset);
      if (wanted === 0) return { ...nothing, reset };
      const bytes = new Uint8Array(wanted);
      const { bytesRead } = await file.read(bytes, 0, wanted, this.#offset);
      this.#offset += bytesRead;
      return { reset, bytes: bytes.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  }
}
