/** `tatamijs/train`: the training loop, its callbacks and evaluation. Run directories: `tatamijs/node`. */
export { Checkpoint, type CheckpointOptions, type CheckpointTarget } from "./checkpoint-callback.ts";
export type {
  BatchSource,
  Callback,
  CheckpointMoment,
  EpochResult,
  Loss,
  Metric,
  MetricValues,
  Model,
  RandomSource,
  StepPlace,
  StepResult,
  TrainingContext,
  TrainingOptimizer,
  TrainingScheduler,
  TrainingState,
} from "./contract.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export { type EvaluateOptions, evaluate } from "./evaluate.ts";
export { fit } from "./fit.ts";
export type { FitOptions } from "./fit-options.ts";
export {
  type InspectionRecord,
  type InspectionTarget,
  Inspector,
  type InspectorOptions,
} from "./inspector.ts";
export { type LrFindOptions, type LrFindResult, lrFind } from "./lr-find.ts";
export { accuracy } from "./metrics.ts";
export { Progress, type ProgressCallbackOptions } from "./progress.ts";
export {
  formatDuration,
  formatNumber,
  ProgressLine,
  type ProgressOptions,
  type ProgressStream,
  type StepProgress,
} from "./progress-line.ts";
export { type MetricsTarget, RunLogger } from "./run-logger.ts";
export { type ScalarWriter, TensorBoardLogger } from "./tensorboard-logger.ts";
export { TerminateOnNaN, TrainingError } from "./terminate-on-nan.ts";
export { textTable } from "./text-table.ts";
export { restoreTrainingState, type TrainingParts, trainingState } from "./training-state.ts";
