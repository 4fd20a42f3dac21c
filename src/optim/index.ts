/** Optimizers and learning-rate schedules. */
export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamOptions } from "./adam.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { AdamW } from "./adamw.ts";
export { ASGD, type ASGDOptions } from "./asgd.ts";
export { Lion, type LionOptions } from "./lion.ts";
export * as lrScheduler from "./lr-scheduler/index.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export {
  type CommonOptions,
  type GroupState,
  Optimizer,
  type OptimizerState,
  type ParamGroup,
  type ParamState,
  type ParamsLike,
  type StepHook,
} from "./optimizer.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { Rprop, type RpropOptions } from "./rprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export * as swaUtils from "./swa-utils.ts";
