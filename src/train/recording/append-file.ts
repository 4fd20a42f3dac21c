/**
 * A file that only grows, written in the background: whoever adds to it never waits, and an error of the disk (full,
 * gone) is told once and ends the recording, not the work that is recorded. What was added becomes bytes when it is written,
 * all of it at once: a thousand rows in a loop take a third of what they take one by one between steps of a training, whose
 * data drives everything else out of the caches. Node only.
 */
import { type FileHandle, open } from "node:fs/promises";

/** What is added goes to the disk this often. */
const intervalMs = 250;

/** Opened when the first bytes are written. Each addition is written as a whole or, where the process dies, cut off. */
export class AppendFile<T> {
  readonly #path: string;
  readonly #encode: (added: readonly T[]) => Uint8Array;
  readonly #onError: (error: unknown) => void;
  /** What was added last is at the end. */
  #pending: T[] = [];
  #timer: NodeJS.Timeout | null = null;
  #file: FileHandle | null = null;
  #failed = false;
  #closed = false;
  /** The writes so far, one after the other. */
  #written: Promise<void> = Promise.resolve();

  /**
   * @param encode Bytes of what was added, in its order.
   * @param onError Told of the first error; nothing more is written then.
   */
  constructor(path: string, encode: (added: readonly T[]) => Uint8Array, onError: (error: unknown) => void) {
    this.#path = path;
    this.#encode = encode;
    this.#onError = onError;
  }

  /** Takes what must not change afterwards; nothing more once it is closed. */
  add(one: T): void {
    if (this.#failed || this.#closed) return;
    this.#pending.push(one);
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.flush(), intervalMs);
    // A process that has nothing else to do may end; `close` writes what is left.
    this.#timer.unref();
  }

  /** Writes what was added so far. Never rejects. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const added = this.#pending;
    this.#pending = [];
    if (added.length > 0) {
      const bytes = this.#encode(added);
      this.#written = this.#written.then(() => this.#write(bytes));
    }
    return this.#written;
  }

  /** Writes what was added so far, and waits until the disk has it. Never rejects. */
  async sync(): Promise<void> {
    await this.flush();
    await this.#file?.sync().catch((error: unknown) => this.#fail(error));
  }

  /** Writes what is left, and closes the file. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    const file = this.#file;
    this.#file = null;
    await file?.close().catch((error: unknown) => this.#fail(error));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#failed) return;
    try {
      this.#file ??= await open(this.#path, "a");
      await this.#file.appendFile(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failed) this.#onError(error);
    this.#failed = true;
  }
}
