/**
 * What was recorded of the layers of a run, in one block of memory as it stands in the file.
 */
import {
  findRecords,
  isPresent,
  type LayerHeader,
  type LayerSeries,
  offsetsOf,
  type RecordPlace,
} from "../train/recording/layer-log.ts";

/** Where a series' numbers begin in some records, and their steps. */
export interface PlaceColumns {
  readonly steps: Uint32Array;
  readonly at: Uint32Array;
}

/** Grows with the file that it is fed with. */
export class LayerTable {
  #header: LayerHeader = { version: 1, bins: 0, series: [] };
  #offsets: readonly number[] = [];
  #bytes = new Uint8Array(new ArrayBuffer(0));
  #filled = 0;
  /** Words that belong to whole records. */
  #read = 0;
  #records: RecordPlace[] = [];

  get header(): LayerHeader {
    return this.#header;
  }

  /** The recorded steps, in their order. */
  get records(): readonly RecordPlace[] {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes.byteLength + this.#records.length * 64;
  }

  clear(): void {
    [this.#bytes, this.#filled, this.#read, this.#records] = [new Uint8Array(new ArrayBuffer(0)), 0, 0, []];
  }

  /** Series only ever follow those that are there, so records that were read stay as they are. */
  adopt(header: LayerHeader): void {
    this.#header = header;
    this.#offsets = offsetsOf(header);
  }

  /** Takes the next bytes of the file. */
  feed(bytes: Uint8Array): void {
    const needed = this.#filled + bytes.length;
    if (needed > this.#bytes.length) {
      const size = this.#filled === 0 ? needed : Math.max(needed, this.#bytes.length * 2);
      const larger = new Uint8Array(new ArrayBuffer(Math.ceil(size / 4) * 4));
      larger.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#filled);
    this.#filled = needed;
    this.scan();
  }

  /** Looks for whole records in what was fed; also after a new header. */
  scan(): void {
    const words = new Uint32Array(this.#bytes.buffer, 0, Math.floor(this.#filled / 4));
    const { records, end } = findRecords(words, this.#read, this.#header);
    for (const record of records) this.#records.push(record);
    this.#read = end;
  }

  /** All numbers of the file; `places` says where. */
  get numbers(): Float32Array {
    return new Float32Array(this.#bytes.buffer, 0, Math.floor(this.#filled / 4));
  }

  /**
   * Where a series' numbers begin in each record that has it, from one record up to, and not with, another.
   *
   * @param index Position in the header.
   */
  places(index: number, from = 0, to: number = this.#records.length): { step: number; at: number }[] {
    const { steps, at } = this.placeColumns(index, from, to);
    return Array.from(steps, (step, i) => ({ step, at: at[i] as number }));
  }

  /** As `places`, as columns: what is asked for every few seconds leaves no objects behind. */
  placeColumns(index: number, from: number, to: number): PlaceColumns {
    const series = this.#header.series[index];
    const offset = this.#offsets[index];
    const end = Math.min(to, this.#records.length);
    const most = series === undefined || offset === undefined ? 0 : Math.max(0, end - from);
    const [steps, at] = [new Uint32Array(most), new Uint32Array(most)];
    if (series === undefined || offset === undefined) return { steps, at };
    const { numbers } = this;
    let count = 0;
    for (let i = from; i < end; i++) {
      const record = this.#records[i] as RecordPlace;
      const place = record.at + offset;
      if (index >= record.series || !isPresent(numbers, place, series.kind)) continue;
      steps[count] = record.step;
      at[count++] = place;
    }
    return { steps: steps.subarray(0, count), at: at.subarray(0, count) };
  }

  /** The first record whose step is at least this. */
  recordAt(step: number): number {
    let [low, high] = [0, this.#records.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#records[middle] as RecordPlace).step < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Positions of the series that fit, in the order of the file. */
  seriesWhere(fits: (series: LayerSeries) => boolean): number[] {
    return this.#header.series.flatMap((series, i) => (fits(series) ? [i] : []));
  }
}
