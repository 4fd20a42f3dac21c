/**
 * Which samples stand in which batch of an epoch: a pure function of the options, the seed and the epoch.
 */
import { ArgumentError } from "../base/errors.ts";
import type { RandomKey } from "./random-stream.ts";

/** How an epoch is cut into batches. */
export interface BatchOrderOptions {
  /** Samples of the dataset. */
  readonly length: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Whether a last batch of fewer samples is left out. */
  readonly dropLast: boolean;
}

/** Batches of an epoch. */
export function batchCount({ length, batchSize, dropLast }: BatchOrderOptions): number {
  return dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
}

/** Gives for each batch number the indices of its samples. */
export function batchOrder(options: BatchOrderOptions, key: RandomKey): (batch: number) => number[] {
  const { length, batchSize, shuffle } = options;
  const order = shuffle ? key.permutation(length) : undefined;
  return (batch) => {
    const start = batch * batchSize;
    const size = Math.min(batchSize, length - start);
    return Array.from({ length: size }, (_, i) => order?.[start + i] ?? start + i);
  };
}

/** Checks what came from outside. @throws ArgumentError. */
export function checkBatchOrder(options: BatchOrderOptions): BatchOrderOptions {
  const { length, batchSize } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError(`DataLoader: batchSize ${batchSize} is not an integer of 1 or more`, {
      batchSize,
    });
  }
  if (!(length > 0)) {
    throw new ArgumentError("DataLoader: the dataset is empty (length 0); give one with samples", { length });
  }
  if (batchCount(options) === 0) {
    throw new ArgumentError(
      `DataLoader: batchSize ${batchSize} with dropLast leaves no batch of ${length} samples; ` +
        "choose a smaller batchSize or dropLast: false",
      { batchSize, length },
    );
  }
  return options;
}
