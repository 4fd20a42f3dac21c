/**
 * What was read from files, for as long as these stay as they are: the system is asked for their times and sizes, and nothing
 * is opened.
 */
import { foundAt } from "./confined-files.ts";

/** Two changes within so many milliseconds may bear the same time. */
const clockMs = 50;

/** Reads anew when one of its files has changed. */
export class Remembered<T> {
  readonly #paths: readonly string[];
  readonly #read: () => Promise<T>;
  #known: { readonly marks: string; readonly value: T } | null = null;

  /** @param paths Of the files, or folders, that the value is made from; they may be missing. */
  constructor(paths: readonly string[], read: () => Promise<T>) {
    this.#paths = paths;
    this.#read = read;
  }

  /** Reads anew at the next call: what the value depends on besides may have changed. */
  forget(): void {
    this.#known = null;
  }

  /** The value; the same one where nothing has changed. Where reading fails nothing is remembered. */
  async get(): Promise<T> {
    const marks = this.#paths.map(markOf);
    const isSettled = marks.every(({ settled }) => settled);
    // Before it is read: what changes meanwhile is seen the next time.
    const text = marks.map(({ mark }) => mark).join("\n");
    if (this.#known?.marks === text) return this.#known.value;
    this.#known = null;
    const value = await this.#read();
    if (isSettled) this.#known = { marks: text, value };
    return value;
  }
}

function markOf(path: string): { readonly mark: string; readonly settled: boolean } {
  const found = foundAt(path);
  if (found === null) return { mark: "", settled: true };
  const { dev, ino, size, mtimeMs, ctimeMs } = found;
  return { mark: `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`, settled: Date.now() - ctimeMs > clockMs };
}
