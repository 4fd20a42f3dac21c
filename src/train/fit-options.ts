/**
 * What a training is given.
 */
import type { CheckpointValue } from "../io/checkpoint.ts";
import type {
  BatchSource,
  Callback,
  Loss,
  Metric,
  TrainingOptimizer,
  TrainingScheduler,
} from "./contract.ts";

/** What to train with. */
export interface FitOptions {
  /** Training data. Its `epoch` is set, so that the order of the data follows from the number of the epoch. */
  readonly loader: BatchSource;
  /** Measured on after each epoch. Default: nothing. */
  readonly validation?: BatchSource | undefined;
  /** Mean loss of a batch, such as `F.crossEntropy`. */
  readonly loss: Loss;
  readonly optimizer: TrainingOptimizer;
  /**
   * Stepped after each epoch, or after each step; see `schedulerInterval`. ReduceLROnPlateau gets the epoch's validation
   * loss, or the training loss where nothing is validated. Default: none.
   */
  readonly scheduler?: TrainingScheduler | undefined;
  /** When the scheduler is stepped. Default "epoch"; "step" for OneCycleLR and its like. */
  readonly schedulerInterval?: "epoch" | "step";
  /** Number of the last epoch; they count from 1. */
  readonly epochs: number;
  /**
   * A checkpoint to go on from, bit for bit as if the training had never stopped, also from the middle of an epoch: the
   * folder of a run or of its checkpoints, or a state that `CheckpointFolder.load` or `TrainingContext.state` gave. Model,
   * optimizer, scheduler, data and callbacks are made as those it came from. Default: the training begins.
   */
  readonly resume?: string | CheckpointValue | undefined;
  /** Epochs that are already done, where the caller restores the state by itself. Default 0. */
  readonly startEpoch?: number;
  /** Measured beside the loss, such as `{ accuracy }`. Default: none. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /** Called in this order. Default: none. */
  readonly callbacks?: readonly Callback[];
  /** Stops the training after the current step, by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}
