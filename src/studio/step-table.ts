/**
 * The steps of a run as columns of numbers.
 */
import { parseSteps, type StepRow, stepColumns } from "../train/recording/step-log.ts";
import { loose } from "./loose.ts";
import type { StepColumns } from "./protocol.ts";

const lineEnd = 0x0a;
const decoder = new TextDecoder();

/** Grows with the file that it is fed with. */
export class StepTable {
  #columns = emptyColumns(1024);
  #length = 0;
  /** The start of a line whose end is not there yet. */
  #rest: Uint8Array = new Uint8Array();

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#columns.step.byteLength * stepColumns.length + this.#rest.byteLength;
  }

  clear(): void {
    [this.#length, this.#rest] = [0, new Uint8Array()];
  }

  /** Takes the next bytes of the file. Lines that are none are left out. */
  feed(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(lineEnd) + 1;
    this.#rest = all.slice(end);
    if (end > 0) for (const row of parseSteps(decoder.decode(all.subarray(0, end)))) this.#push(row);
  }

  /** One column, as long as the table. */
  column(name: keyof StepRow): Float64Array {
    return this.#columns[name].subarray(0, this.#length);
  }

  /** Rows from the `from`-th up to, and not with, the `to`-th. */
  rows(from: number, to: number = this.#length): StepColumns {
    const exact = (name: keyof StepRow): number[] => [...this.column(name).subarray(from, to)];
    return {
      step: exact("step"),
      epoch: exact("epoch"),
      loss: exact("loss").map(loose),
      lr: exact("lr").map(loose),
      seconds: exact("seconds").map((s) => Math.round(s * 1e4) / 1e4),
      samples: exact("samples"),
    };
  }

  #push(row: StepRow): void {
    if (this.#length === this.#columns.step.length) {
      const larger = emptyColumns(this.#length * 2);
      for (const name of stepColumns) larger[name].set(this.#columns[name]);
      this.#columns = larger;
    }
    for (const name of stepColumns) this.#columns[name][this.#length] = row[name];
    this.#length++;
  }
}

function emptyColumns(length: number): Record<keyof StepRow, Float64Array> {
  const column = (): Float64Array => new Float64Array(length);
  return {
    step: column(),
    epoch: column(),
    loss: column(),
    lr: column(),
    seconds: column(),
    samples: column(),
  };
}
