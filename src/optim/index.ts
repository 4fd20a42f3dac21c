/** Optimizers and learning-rate schedules. */
export { Adam, type AdamOptions } from "./adam.ts";
export { AdamW } from "./adamw.ts";
export * as lrScheduler from "./lr-scheduler/index.ts";
export {
  type CommonOptions,
  type GroupState,
  Optimizer,
  type OptimizerState,
  type ParamGroup,
  type ParamState,
  type ParamsLike,
} from "./optimizer.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
