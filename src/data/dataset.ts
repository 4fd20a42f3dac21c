/**
 * Datasets: something with a length whose samples can be asked for by index, and the ways to cut and join
 * them. Samples are host values; the loader makes tensors of whole batches, since one tensor per sample would
 * be slow.
 */
import { ArgumentError } from "../base/errors.ts";
import { collateSamples } from "./collate.ts";
import type { HostBatch, Sample } from "./host-array.ts";
import { RandomKey } from "./random-stream.ts";

/**
 * Samples by index. A class may extend this one or merely have its members.
 *
 * @example
 * class Parity extends data.Dataset<[data.HostArray, number]> {
 *   readonly length = 100;
 *   get(i: number): [data.HostArray, number] {
 *     return [{ dtype: "float32", shape: [1], data: new Float32Array([i / 100]) }, i % 2];
 *   }
 * }
 * new data.DataLoader(new Parity(), { batchSize: 8 }).length; // 13
 */
export abstract class Dataset<S extends Sample = Sample> {
  /** Number of samples. */
  abstract readonly length: number;

  /**
   * The sample at an index.
   *
   * @param index 0 to length - 1.
   * @param key Source of random choices (augmentation); the loader gives that of the epoch.
   */
  abstract get(index: number, key?: RandomKey): S | Promise<S>;

  /**
   * A whole batch at once, in the order of `indices`. Optional: a dataset whose values lie in one array fills
   * a batch far quicker than it makes samples. Must equal the samples of `get`, joined.
   */
  batch?(indices: readonly number[], key?: RandomKey): HostBatch<S> | Promise<HostBatch<S>>;
}

/** A batch of any dataset: by its own `batch` where it has one, else sample by sample. */
export function fetchBatch<S extends Sample>(
  dataset: Dataset<S>,
  indices: readonly number[],
  key: RandomKey,
): HostBatch<S> | Promise<HostBatch<S>> {
  if (dataset.batch !== undefined) return dataset.batch(indices, key);
  const samples = fetchSamples(dataset, indices, key);
  return samples instanceof Promise ? samples.then(collateSamples) : collateSamples(samples);
}

/** The samples at some indices; a promise only when the dataset gives one, so that simple ones stay quick. */
export function fetchSamples<S extends Sample>(
  dataset: Dataset<S>,
  indices: readonly number[],
  key: RandomKey,
): S[] | Promise<S[]> {
  const samples = indices.map((index) => dataset.get(index, key));
  return samples.some((sample) => sample instanceof Promise) ? Promise.all(samples) : (samples as S[]);
}

/** Checks an index that came from outside. @throws ArgumentError when it is out of range. */
export function checkIndex(index: number, length: number, what: string): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new ArgumentError(`${what}: index ${index} is out of range; use 0 to ${length - 1}`, {
      index,
      length,
    });
  }
}

/**
 * Some of a dataset's samples, in the order given; an index may occur several times.
 *
 * @example
 * const few = new data.Subset(new data.Digits(), [5, 7]);
 * few.length; // 2
 */
export class Subset<S extends Sample> extends Dataset<S> {
  readonly dataset: Dataset<S>;
  readonly indices: readonly number[];

  /** @throws ArgumentError when an index is out of the dataset's range. */
  constructor(dataset: Dataset<S>, indices: Iterable<number>) {
    super();
    this.dataset = dataset;
    this.indices = [...indices];
    for (const index of this.indices) checkIndex(index, dataset.length, "Subset");
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number, key?: RandomKey): S | Promise<S> {
    return this.dataset.get(this.#source(index), key);
  }

  override batch(
    indices: readonly number[],
    key: RandomKey = new RandomKey(0),
  ): HostBatch<S> | Promise<HostBatch<S>> {
    return fetchBatch(
      this.dataset,
      indices.map((index) => this.#source(index)),
      key,
    );
  }

  #source(index: number): number {
    checkIndex(index, this.indices.length, "Subset");
    return this.indices[index] as number;
  }
}

/**
 * Several datasets, one after the other.
 *
 * @example
 * const all = new data.ConcatDataset([new data.Digits(), new data.Digits({ split: "test" })]);
 * all.length; // 1797
 */
export class ConcatDataset<S extends Sample> extends Dataset<S> {
  readonly datasets: readonly Dataset<S>[];
  readonly length: number;

  constructor(datasets: readonly Dataset<S>[]) {
    super();
    this.datasets = datasets;
    this.length = datasets.reduce((sum, dataset) => sum + dataset.length, 0);
  }

  get(index: number, key?: RandomKey): S | Promise<S> {
    checkIndex(index, this.length, "ConcatDataset");
    let rest = index;
    for (const dataset of this.datasets) {
      if (rest < dataset.length) return dataset.get(rest, key);
      rest -= dataset.length;
    }
    throw new ArgumentError(`ConcatDataset: a dataset became shorter after joining`, { index });
  }
}

/**
 * Cuts a dataset into parts at random, without overlap.
 *
 * @param lengths Sizes of the parts, which add up to the dataset's length; or shares, which add up to 1 (each
 * part gets the share rounded down, and what remains goes to the first parts, one each).
 * @param options.seed Which random order. Default 0; the same seed gives the same parts on every machine.
 * @throws ArgumentError when the lengths do not add up.
 * @example
 * const parts = data.randomSplit(new data.Digits(), [0.9, 0.1], { seed: 1 });
 * parts.map((part) => part.length); // [1294, 143]
 */
export function randomSplit<S extends Sample>(
  dataset: Dataset<S>,
  lengths: readonly number[],
  { seed = 0 }: { seed?: number } = {},
): Subset<S>[] {
  const sizes = splitSizes(dataset.length, lengths);
  const order = new RandomKey(seed).permutation(dataset.length);
  let start = 0;
  return sizes.map((size) => {
    const part = new Subset(dataset, order.subarray(start, start + size));
    start += size;
    return part;
  });
}

function splitSizes(count: number, lengths: readonly number[]): readonly number[] {
  const sum = lengths.reduce((total, length) => total + length, 0);
  if (lengths.every((length) => Number.isInteger(length) && length >= 0) && sum === count) return lengths;
  // Shares such as 0.7, 0.2 and 0.1 do not add up to exactly 1 in binary.
  if (lengths.every((length) => length >= 0 && length <= 1) && Math.abs(sum - 1) < 1e-6) {
    const sizes = lengths.map((share) => Math.floor(count * share + 1e-9));
    const rest = count - sizes.reduce((total, size) => total + size, 0);
    return sizes.map((size, i) => (i < rest ? size + 1 : size));
  }
  throw new ArgumentError(
    `randomSplit: lengths [${lengths.join(", ")}] add up to ${sum}; give sizes that add up to ${count} ` +
      "(the length of " +
      "the dataset), or shares that add up to 1",
    { lengths, length: count },
  );
}
