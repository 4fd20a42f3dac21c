/**
 * A dataset as the three loaders of a training.
 */
import { DataLoader, type Dataset, type ImageSample, randomSplit, Subset } from "../data/index.ts";
import { type DatasetPreset, datasets, type SourceOptions } from "./datasets.ts";
import type { TrainSettings } from "./settings.ts";

/** What is trained on, what is watched while training, and what the end is measured on. */
export interface TrainingData {
  readonly train: DataLoader<ImageSample>;
  readonly validation: DataLoader<ImageSample>;
  readonly test: DataLoader<ImageSample>;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** Batches for measuring: large ones, which are quicker and change no result. */
const evaluationBatch = 250;

/** @param prefetch Batches to train on that are prepared ahead, while a step is being computed. */
export async function loadTrainingData(
  { dataset, batchSize, seed }: TrainSettings,
  source: SourceOptions,
  prefetch = 1,
): Promise<TrainingData> {
  const preset = datasets[dataset];
  const { train, held } = await trainingImages(preset, source, seed);
  const test = await preset.load("test", source);
  // A last batch of another size would need a program of its own; every epoch leaves out other images.
  const dropLast = train.length >= batchSize;
  return {
    train: new DataLoader(train, { batchSize, shuffle: true, dropLast, prefetch }),
    validation: evaluationLoader(held ?? test),
    test: evaluationLoader(test),
    classes: test.classes,
  };
}

/** Images to train on, and those held back for validation where the preset has it. */
async function trainingImages(
  { load, augment, validationShare: share }: DatasetPreset,
  source: SourceOptions,
  seed: number,
): Promise<{ train: Dataset<ImageSample>; held?: Dataset<ImageSample> | undefined }> {
  // Read once where nothing is held back: some datasets fill hundreds of megabytes.
  if (share === 0) return { train: await load("train", source, augment) };
  const plain = await load("train", source);
  const augmented = augment === undefined ? plain : await load("train", source, augment);
  // Split before augmentation, so that validation measures on the images as they are.
  const [kept, held] = randomSplit(plain, [1 - share, share], { seed });
  return { train: new Subset(augmented, kept?.indices ?? []), held };
}

/** All samples in order, in batches of one size where their number allows it: each size needs a program of its own. */
export function evaluationLoader(dataset: Dataset<ImageSample>): DataLoader<ImageSample> {
  const count = dataset.length;
  const batches = Math.max(1, Math.ceil(count / evaluationBatch));
  const sizes = Array.from({ length: batches }, (_, i) => Math.ceil(count / (batches + i)));
  const batchSize = sizes.find((size) => count % size === 0) ?? Math.max(1, Math.ceil(count / batches));
  return new DataLoader(dataset, { batchSize });
}
