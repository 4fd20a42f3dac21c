/**
 * A training with everything whose state could be forgotten: shuffling, random transforms and mixed batches, dropout and
 * batch norm, an optimizer with momentum, a scheduler, metrics, early stopping, and an average of the weights.
 */
import { DataLoader, Digits, type ImageSample, Subset, transforms } from "../../src/data/index.ts";
import { Generator, manualSeed, nn, optim } from "../../src/index.ts";
import { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "../../src/io/index.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import * as F from "../../src/nn/functional.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  type Callback,
  EarlyStopping,
  type EpochResult,
  type FitOptions,
  fit,
} from "../../src/train/index.ts";

export const stepsPerEpoch = 9;
export const epochs = 4;

/** What is trained how. */
export interface Recipe {
  readonly optimizer: "adam" | "sgd";
  readonly schedulerInterval: "step" | "epoch";
  /** Whether the data has a generator of its own. */
  readonly ownGenerator: boolean;
  /** Whether batches are mixed by MixUp. */
  readonly mixes: boolean;
}

/** What a training, or its rest, gave. */
export interface Outcome {
  /** Losses by the number of the step in the whole training. */
  readonly losses: ReadonlyMap<number, number>;
  /** What the epochs gave, times left out. */
  readonly results: readonly object[];
  /** The whole state at the end: values of its tensors, and the rest, times left out. */
  readonly end: Readonly<Record<string, string>>;
}

/** Trains with everything made anew, as a fresh process does. */
export async function train(
  recipe: Recipe,
  { resume, callback = {}, signal }: { resume?: Uint8Array; callback?: Callback; signal?: AbortSignal } = {},
): Promise<Outcome> {
  // Another seed: what the state does not bring back is seen.
  const { model, options } = makeParts(recipe, resume === undefined ? 11 : 12);
  const losses = new Map<number, number>();
  let end: Readonly<Record<string, string>> = {};
  const watch: Callback = {
    onStepEnd: ({ epoch, step, loss }) => void losses.set((epoch - 1) * stepsPerEpoch + step, loss),
    onCheckpoint: async ({ when, epoch }, context) => {
      if (when === "epoch" && epoch === epochs) end = describe(await saveCheckpoint(await context.state()));
    },
  };
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  const results = await fit(model, {
    ...options,
    ...(resume === undefined ? {} : { resume: loadCheckpoint(resume) }),
    callbacks: [...(options.callbacks ?? []), callback, watch],
    signal,
  });
  return { losses, results: results.map(withoutTimes), end };
}

function makeParts(recipe: Recipe, seed: number): { model: nn.Sequential; options: FitOptions } {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout(0.25),
    new nn.Flatten(),
    new nn.Linear(128, 10),
  );
  const optimizer =
    recipe.optimizer === "adam"
      ? new optim.Adam(model.parameters(), { lr: 1e-2 })
      : new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true });
  const scheduler =
    recipe.schedulerInterval === "step"
      ? new optim.lrScheduler.OneCycleLR(optimizer, 0.05, { totalSteps: epochs * stepsPerEpoch })
      : new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.5, factor: 0.7 });
  const average = new optim.swaUtils.AveragedModel(model, { avgFn: optim.swaUtils.getEmaAvgFn(0.9) });
  const generator = recipe.ownGenerator ? { generator: new Generator(seed + 20) } : {};
  const transform = new transforms.Compose([
    new transforms.RandomRotation(10),
    new transforms.RandomCrop(8, { padding: 1 }),
    new transforms.RandomErasing({ p: 0.3 }),
  ]);
  const images = new Subset(
    new Digits({ transform }),
    Array.from({ length: 16 * stepsPerEpoch + 5 }, (_, i) => i),
  );
  const held = new Subset<ImageSample>(
    new Digits({ split: "test", transform }),
    Array.from({ length: 64 }, (_, i) => i),
  );
  return {
    model,
    options: {
      loader: new DataLoader(images, {
        batchSize: 16,
        shuffle: true,
        dropLast: true,
        ...(recipe.mixes ? { batchTransform: new transforms.MixUp({ numClasses: 10 }) } : {}),
        ...generator,
      }),
      validation: new DataLoader(held, { batchSize: 32, shuffle: true }),
      loss: F.crossEntropy,
      optimizer,
      scheduler,
      schedulerInterval: recipe.schedulerInterval,
      epochs,
      metrics: { size: (output: Tensor) => output.square().sum() },
      callbacks: [new EarlyStopping({ patience: 4 }), averaging(average, model)],
    },
  };
}

function averaging(average: optim.swaUtils.AveragedModel, model: nn.Module): Callback {
  return {
    onStepEnd: () => average.updateParameters(model),
    stateDict: () => average.stateDict(),
    loadStateDict: (state) => void average.loadStateDict(state as Record<string, Tensor>),
  };
}

function withoutTimes({ seconds: _seconds, ...rest }: EpochResult): object {
  return rest;
}

/** A state as comparable text: bits of the tensors, and everything else but times. */
function describe(bytes: Uint8Array): Record<string, string> {
  const { tensors } = decodeSafetensors(bytes, "state");
  const found: Record<string, string> = {};
  for (const [name, { data }] of tensors) {
    found[name] = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  }
  const {
    seconds: _seconds,
    programs: _programs,
    ...rest
  } = loadCheckpoint(bytes) as Record<string, CheckpointValue>;
  found.rest = JSON.stringify(rest, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "shape" in value ? "a tensor" : value,
  );
  return found;
}
