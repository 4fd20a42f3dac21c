/**
 * The settings of a training: what the user chose, completed by the dataset's own defaults. They are stored in
 * run.json, and everything that is built for a run is built from them alone.
 */
import { FileFormatError } from "../index.ts";
import type { RunInfo } from "../node.ts";
import { type DatasetName, datasetNames, datasets } from "./datasets.ts";

export const modelNames = ["cnn", "lenet5", "mlp", "resnet20", "resnet18", "mobilenet-v2"] as const;
export const optimizerNames = [
  "adadelta",
  "adagrad",
  "adam",
  "adamax",
  "adamw",
  "lion",
  "nadam",
  "radam",
  "rmsprop",
  "sgd",
] as const;
export const initNames = ["default", "kaiming", "xavier", "zeros"] as const;
export const normNames = ["batch", "none"] as const;

/** What a run is made of. */
export interface TrainSettings {
  readonly dataset: DatasetName;
  readonly model: (typeof modelNames)[number];
  readonly epochs: number;
  readonly batchSize: number;
  /** Learning rate at the start; it falls to 0. */
  readonly lr: number;
  readonly optimizer: (typeof optimizerNames)[number];
  readonly init: (typeof initNames)[number];
  readonly norm: (typeof normNames)[number];
  readonly seed: number;
}

/** What the user chose; the rest follows from the dataset. */
export type ChosenSettings = { readonly [K in keyof TrainSettings]?: TrainSettings[K] | undefined };

/**
 * What a dataset's learning rate, which suits Adam, is multiplied with for the others: plain gradients need larger
 * steps than those that are scaled, Adadelta scales its own, and every step of Lion is a full one.
 */
const lrFactors: Record<TrainSettings["optimizer"], number> = {
  adadelta: 500,
  adagrad: 10,
  adam: 1,
  adamax: 2,
  adamw: 1,
  lion: 0.1,
  nadam: 1,
  radam: 1,
  rmsprop: 0.5,
  sgd: 10,
};

/** Completes what the user chose. */
export function completeSettings(chosen: ChosenSettings): TrainSettings {
  const dataset = chosen.dataset ?? "digits";
  const preset = datasets[dataset];
  const optimizer = chosen.optimizer ?? "adam";
  return {
    dataset,
    model: chosen.model ?? "cnn",
    epochs: chosen.epochs ?? preset.epochs,
    batchSize: chosen.batchSize ?? preset.batchSize,
    lr: chosen.lr ?? preset.lr * lrFactors[optimizer],
    optimizer,
    init: chosen.init ?? "default",
    norm: chosen.norm ?? "batch",
    seed: chosen.seed ?? 0,
  };
}

/** Reads the settings of a run back. @throws FileFormatError when they are not those of this command. */
export function settingsOf(info: RunInfo, path: string): TrainSettings {
  const wrong = Object.entries(settingChecks).find(([key, fits]) => !fits(info.settings[key]))?.[0];
  if (wrong !== undefined) {
    throw new FileFormatError(
      `${path}: run.json has ${JSON.stringify(info.settings[wrong])} for ${wrong}; was this run made by tatami train?`,
      { path, field: wrong },
    );
  }
  // Every field was checked just now.
  return info.settings as unknown as TrainSettings;
}

const within =
  (names: readonly string[]) =>
  (value: unknown): boolean =>
    names.some((name) => name === value);
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

/** A record, so that the compiler lists a setting without a check. */
const settingChecks: Record<keyof TrainSettings, (value: unknown) => boolean> = {
  dataset: within(datasetNames),
  model: within(modelNames),
  epochs: isNumber,
  batchSize: isNumber,
  lr: isNumber,
  optimizer: within(optimizerNames),
  init: within(initNames),
  norm: within(normNames),
  seed: isNumber,
};
