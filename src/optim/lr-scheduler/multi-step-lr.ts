import { checkMilestones, checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** Factor at each milestone; 0.1 by default. */
  readonly gamma?: number | undefined;
}

/**
 * Multiplies the learning rate by gamma at each milestone; a milestone that is listed twice counts twice.
 *
 * @example
 * const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, [2, 3], { gamma: 0.5 });
 * const lrs = [0, 1, 2, 3].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.01, 0.005, 0.0025, 0.0025]
 */
export class MultiStepLR extends FactorScheduler {
  milestones: number[];
  gamma: number;

  /**
   * @param milestones numbers of epochs, in order
   * @throws ArgumentError unless they are integers of 0 or more in order, and gamma a number of 0 or more.
   */
  constructor(optimizer: Schedulable, milestones: readonly number[], options: MultiStepLROptions = {}) {
    super(optimizer, options, ["gamma"]);
    this.milestones = checkMilestones(milestones, "MultiStepLR", 0);
    this.gamma = checkNumber(options.gamma ?? 0.1, "gamma", "MultiStepLR", { least: 0 });
    this.start();
  }

  protected factor(epoch: number): number {
    return this.gamma ** this.milestones.filter((m) => m === epoch).length;
  }
}
