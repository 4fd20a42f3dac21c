/**
 * A dataset as the three loaders of a training.
 */
import { DataLoader, type Dataset, type ImageSample, randomSplit } from "../data/index.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import type { TrainSettings } from "./settings.ts";

/** What is trained on, what is watched while training, and what the end is measured on. */
export interface TrainingData {
  readonly train: DataLoader<ImageSample>;
  readonly validation: DataLoader<ImageSample>;
  readonly test: DataLoader<ImageSample>;
}

/** Batches for measuring: large ones, which are quicker and change no result. */
const evaluationBatch = 250;

export async function loadTrainingData(
  { dataset, batchSize, seed }: TrainSettings,
  source: SourceOptions,
): Promise<TrainingData> {
  const preset = datasets[dataset];
  const all = await preset.load("train", source);
  const test = await preset.load("test", source);
  const share = preset.validationShare;
  const [train = all, held = test] =
    share === 0 ? [] : randomSplit<ImageSample>(all, [1 - share, share], { seed });
  // A last batch of another size would need a program of its own; every epoch leaves out other images.
  const dropLast = train.length >= batchSize;
  return {
    train: new DataLoader(train, { batchSize, shuffle: true, dropLast }),
    validation: evaluationLoader(held),
    test: evaluationLoader(test),
  };
}

/** All samples in order, in batches of one size where their number allows it: each size needs a program of its own. */
export function evaluationLoader(dataset: Dataset<ImageSample>): DataLoader<ImageSample> {
  const count = dataset.length;
  const batches = Math.max(1, Math.ceil(count / evaluationBatch));
  const sizes = Array.from({ length: batches }, (_, i) => Math.ceil(count / (batches + i)));
  const batchSize = sizes.find((size) => count % size === 0) ?? Math.max(1, Math.ceil(count / batches));
  return new DataLoader(dataset, { batchSize });
}
