/** Learning-rate schedules. */
export { CosineAnnealingLR, type CosineAnnealingLROptions } from "./cosine-annealing-lr.ts";
export { type Schedulable, Scheduler, type SchedulerOptions, type SchedulerState } from "./scheduler.ts";
export { StepLR, type StepLROptions } from "./step-lr.ts";
