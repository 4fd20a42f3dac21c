/**
 * What training asks of its parts, and what it tells those who watch. Anything with these members fits: the
 * library's modules, optimizers, schedulers and loaders do.
 */
import type { CheckpointValue } from "../io/checkpoint.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A callable module of one input and one output. */
export interface Model {
  (x: Tensor): Tensor;
  readonly training: boolean;
  train(mode?: boolean): unknown;
  stateDict(): Record<string, Tensor>;
  loadStateDict(state: Record<string, Tensor>): unknown;
}

/** Updates parameters from their gradients. */
export interface TrainingOptimizer {
  readonly paramGroups: readonly { lr: number }[];
  zeroGrad(): void;
  /** Ends a step: forward pass, backward pass and update run as one program. */
  step(): Promise<void>;
  stateDict(): object;
  loadStateDict(state: never): void;
}

/** Changes the learning rate. */
export interface TrainingScheduler {
  /** Whether `step` takes the epoch's loss, as that of ReduceLROnPlateau does. */
  readonly needsMetric?: boolean;
  /** @param metric The epoch's validation loss, or its training loss without validation; given to those who need it. */
  step(metric?: number): void;
  stateDict(): object;
  loadStateDict(state: never): void;
}

/** Batches of inputs and targets, such as a `DataLoader` of images and labels. */
export interface BatchSource extends AsyncIterable<readonly [x: Tensor, y: Tensor]> {
  /** Batches of an epoch. */
  readonly length: number;
  /** Number of the epoch that the next iteration gives. */
  epoch: number;
  /**
   * Batch of that epoch at which the next iteration begins; 0 again behind it. A source without it makes the first batches
   * of an epoch that is gone on with, and they are left out.
   */
  batch?: number;
  /** What its random choices follow from; kept with the state of a training. */
  readonly generator?: RandomSource;
}

/** A generator of random numbers, as something whose state is kept; a `Generator` is one. */
export interface RandomSource {
  getState(): { readonly seed: number; readonly draws: number };
  setState(state: { readonly seed: number; readonly draws: number }): void;
}

/** Mean loss of a batch. */
export type Loss = (output: Tensor, target: Tensor) => Tensor;

/** A quantity summed over the samples of a batch, as one element; an epoch's value is its mean over all samples. */
export type Metric = (output: Tensor, target: Tensor) => Tensor;

/** Means over the samples: `loss`, and every metric under its name. */
export type MetricValues = Readonly<Record<string, number>> & { readonly loss: number };

/** A step's place in the training. */
export interface StepPlace {
  /** Counts from 1. */
  readonly epoch: number;
  /** Step of this epoch; counts from 1. */
  readonly step: number;
}

/** What a step gave. */
export interface StepResult extends StepPlace {
  readonly samples: number;
  readonly loss: number;
  /** Learning rate of the first parameter group in this step. */
  readonly lr: number;
}

/** What an epoch gave. */
export interface EpochResult {
  /** Counts from 1. */
  readonly epoch: number;
  /** Measured during the epoch, while the weights changed. */
  readonly train: MetricValues;
  /** Measured after the epoch; absent without validation data. */
  readonly validation?: MetricValues;
  readonly samples: number;
  /** Of the training alone, without validation. */
  readonly seconds: number;
  /** Learning rate of the first parameter group in the last step. */
  readonly lr: number;
}

/** The training that callbacks watch. */
export interface TrainingContext {
  readonly model: Model;
  readonly optimizer: TrainingOptimizer;
  readonly scheduler: TrainingScheduler | undefined;
  /** Epochs of the whole training, those before a resumption included. */
  readonly epochs: number;
  /** Epochs that were done before this call of `fit`. */
  readonly startEpoch: number;
  /** Steps of the epoch after those that were done before this call of `fit`; 0 but for a resumption within an epoch. */
  readonly startStep: number;
  readonly stepsPerEpoch: number;
  /** Ends the training after this epoch. */
  stop(): void;
  /** The state of the whole training, from which `fit` can go on; to be asked for in `onCheckpoint`. */
  state(): Promise<TrainingState>;
}

/** Where a training stands when it can be saved. */
export interface CheckpointMoment {
  /** What has just ended: nothing yet, a step, an epoch with its validation, or the training by its `signal`. */
  readonly when: "begin" | "step" | "epoch" | "interrupted";
  /** Epochs that are done. */
  readonly epoch: number;
  /** Steps of the next epoch that are done. */
  readonly step: number;
}

/** Something that watches a training and may act on it. An error that it throws ends the training. */
export interface Callback {
  onTrainBegin?(context: TrainingContext): void | Promise<void>;
  /** @param epoch Counts from 1. */
  onEpochBegin?(epoch: number, context: TrainingContext): void | Promise<void>;
  /**
   * Called before a step begins; the loss of the step before may not be known yet.
   *
   * @returns Whether this callback's `onStepEnd` is to be called after it, and its `onCheckpoint`, as far as that is about
   *   steps. Without this method they are called after every step.
   */
  onStepBegin?(place: StepPlace, context: TrainingContext): boolean;
  /**
   * Called when the loss of a step is known. The next step may be under way by then, so this is for those who look at the
   * result alone: where no callback has `onStepEnd` or `onCheckpoint`, or wants it after this step, the next step begins before
   * the loss of this one is asked for, and the training takes less time.
   */
  onLoss?(result: StepResult, context: TrainingContext): void | Promise<void>;
  /** Called when a step has ended, and before the next one begins: the model is as that step has left it. */
  onStepEnd?(result: StepResult, context: TrainingContext): void | Promise<void>;
  /**
   * Called with each batch of an epoch's validation before its values are computed: small tensors that are made of them
   * here are computed in the same program. Without gradients.
   */
  onValidationBatch?(output: Tensor, target: Tensor, context: TrainingContext): void;
  onEpochEnd?(result: EpochResult, context: TrainingContext): void | Promise<void>;
  /**
   * Called where the training can be saved: when every callback has been told of its beginning, a step or an epoch, and
   * where `signal` has ended it between two steps.
   */
  onCheckpoint?(moment: CheckpointMoment, context: TrainingContext): void | Promise<void>;
  /** Called at the end of the training, after an error too. */
  onTrainEnd?(context: TrainingContext): void | Promise<void>;
  /**
   * What it needs to go on from here, kept with the state of the training. What it writes itself has to be on the disk when
   * the promise ends: a training that is resumed begins behind it. Default: nothing.
   */
  stateDict?(): CheckpointValue | Promise<CheckpointValue>;
  /** Takes what `stateDict` gave; called after `onTrainBegin` when a training is resumed. */
  loadStateDict?(state: CheckpointValue): void | Promise<void>;
}

/** A training's state between two steps, from which it can go on. */
export type TrainingState = { readonly [key: string]: CheckpointValue };
