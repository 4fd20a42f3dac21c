/**
 * Batches of a dataset as tensors, one epoch per iteration, in an order that depends only on the seed and the
 * epoch. The next batch is prepared while the consumer waits for the engine.
 */

import { ArgumentError } from "../base/errors.ts";
import { checkOptions, kindOf } from "../base/options.ts";
import { fromOwned } from "../tensor/create.ts";
import { defaultGenerator, type Generator } from "../tensor/generator.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type BatchOrderOptions, batchCount, batchOrder, checkBatchOrder } from "./batch-order.ts";
import { type Dataset, fetchBatch, fetchSamples } from "./dataset.ts";
import type { HostArray, HostBatch, Sample } from "./host-array.ts";
import { prefetch } from "./prefetch.ts";
import { RandomKey } from "./random-stream.ts";
import type { BatchTransform } from "./transforms/mix.ts";

/** One tensor per field of the samples, each with a first dimension N. */
export type TensorBatch<S extends Sample> = { readonly [K in keyof S]: Tensor };

/** Joins samples to a batch in a way of its own. */
export type Collate<S extends Sample> = (samples: readonly S[]) => HostBatch<S> | Promise<HostBatch<S>>;

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<S extends Sample> {
  /** Samples per batch. Default 1. */
  readonly batchSize?: number;
  /** Whether each epoch has a random order of its own. Default false. */
  readonly shuffle?: boolean;
  /** Whether a last batch of fewer samples is left out. Default false. */
  readonly dropLast?: boolean;
  /** Joins the samples of a batch. Default: arrays are stacked, class indices become int32. */
  readonly collate?: Collate<S>;
  /** Changes each batch of images and labels, such as `MixUp`. Default: none. */
  readonly batchTransform?: BatchTransform;
  /** Its seed decides shuffling and augmentation. Default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
  /** Batches prepared ahead of their use. Default 1. */
  readonly prefetch?: number;
}

const optionNames = [
  "batchSize",
  "shuffle",
  "dropLast",
  "collate",
  "batchTransform",
  "generator",
  "prefetch",
];

/**
 * Iterates over a dataset in batches: `for await (const [x, y] of loader)`.
 *
 * Images become float32 (N, C, H, W), class indices int32 (N). Shuffling and augmentation are functions of
 * (seed, epoch, index): a training that is resumed, at an epoch or within one, sees what it would have seen.
 *
 * @throws ArgumentError for an empty dataset, or a batch size that gives no batch.
 * @example
 * const batches = new data.DataLoader(new data.Digits(), { batchSize: 64, shuffle: true });
 * batches.length; // 23
 * for await (const [x, y] of batches) console.log(x.shape, y.shape); // x is [64, 1, 8, 8], y is [64]
 */
export class DataLoader<S extends Sample = Sample> implements AsyncIterable<TensorBatch<S>> {
  readonly dataset: Dataset<S>;
  readonly batchSize: number;
  readonly generator: Generator;
  /** Number of the epoch that the next iteration gives; counts up by itself. Set it to resume. */
  epoch = 0;
  /** Batch of the epoch at which the next iteration begins; 0 again behind it. Set it to resume within an epoch. */
  batch = 0;
  readonly #order: BatchOrderOptions;
  readonly #collate: Collate<S> | undefined;
  readonly #batchTransform: BatchTransform | undefined;
  readonly #ahead: number;

  constructor(dataset: Dataset<S>, options: DataLoaderOptions<S> = {}) {
    checkOptions(options, optionNames, "DataLoader", { flags: ["shuffle", "dropLast"] });
    checkDataset(dataset);
    const { batchSize = 1, shuffle = false, dropLast = false } = options;
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.generator = options.generator ?? defaultGenerator;
    this.#order = checkBatchOrder({ length: dataset.length, batchSize, shuffle, dropLast });
    this.#collate = options.collate;
    this.#batchTransform = options.batchTransform;
    this.#ahead = options.prefetch ?? 1;
  }

  /** Batches of an epoch. */
  get length(): number {
    return batchCount(this.#order);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<TensorBatch<S>> {
    const key = new RandomKey(this.generator.seed, this.epoch++);
    const first = this.batch;
    this.batch = 0;
    checkFirstBatch(first, this.length);
    const indicesOf = batchOrder(this.#order, key);
    const make = (i: number): TensorBatch<S> | Promise<TensorBatch<S>> =>
      this.#batch(indicesOf(first + i), key);
    const batches = prefetch(this.length - first, make, this.#ahead);
    const change = this.#batchTransform;
    return change === undefined ? batches : changed(batches, change, key, first);
  }

  #batch(indices: readonly number[], key: RandomKey): TensorBatch<S> | Promise<TensorBatch<S>> {
    const batch = this.#hostBatch(indices, key);
    return batch instanceof Promise ? batch.then(toTensors<S>) : toTensors<S>(batch);
  }

  #hostBatch(indices: readonly number[], key: RandomKey): HostBatch<S> | Promise<HostBatch<S>> {
    const collate = this.#collate;
    if (collate === undefined) return fetchBatch(this.dataset, indices, key);
    const samples = fetchSamples(this.dataset, indices, key);
    return samples instanceof Promise ? samples.then(collate) : collate(samples);
  }
}

/** @throws ArgumentError for what has no samples, such as a list. */
function checkDataset(dataset: unknown): void {
  const isDataset =
    typeof dataset === "object" &&
    dataset !== null &&
    "get" in dataset &&
    typeof dataset.get === "function" &&
    "length" in dataset &&
    typeof dataset.length === "number";
  if (isDataset) return;
  const fix =
    dataset instanceof Promise
      ? "await it first"
      : "tensors become one with new data.TensorDataset(x, y), anything else with a class of length and get(i)";
  throw new ArgumentError(
    `DataLoader: a dataset has length and get(i); got ${kindOf(dataset, "an object")}; ${fix}`,
    { dataset },
  );
}

function checkFirstBatch(first: number, batches: number): void {
  if (Number.isInteger(first) && first >= 0 && first <= batches) return;
  throw new ArgumentError(
    `DataLoader: batch ${first} is none of the epoch's ${batches} batches; set it to an integer from 0 to ${batches}`,
    { batch: first, batches },
  );
}

/** Lanes of the batches' random numbers count down from here; samples have the lanes of their indices. */
const firstBatchLane = 0xfffffffd;

/**
 * Batches with their first two fields changed. This is done when a batch is asked for, not ahead: what is computed with
 * the tensors then belongs to the consumer's step, and every step's program is the same.
 */
async function* changed<S extends Sample>(
  batches: AsyncIterable<TensorBatch<S>>,
  change: BatchTransform,
  key: RandomKey,
  first: number,
): AsyncGenerator<TensorBatch<S>> {
  let lane = firstBatchLane - first;
  for await (const batch of batches) {
    const [images, labels, ...rest] = batch as unknown as readonly [Tensor, Tensor, ...Tensor[]];
    yield [...change(images, labels, key.stream(lane--)), ...rest] as unknown as TensorBatch<S>;
  }
}

/** The arrays belong to nobody else, so the tensors take them over without a copy. */
function toTensors<S extends Sample>(batch: HostBatch<S>): TensorBatch<S> {
  const fields: readonly HostArray[] = batch;
  const tensors = fields.map(({ data, shape, dtype }) => fromOwned(data, shape, dtype));
  // One tensor per field of S, which TypeScript cannot follow through map.
  return tensors as unknown as TensorBatch<S>;
}
