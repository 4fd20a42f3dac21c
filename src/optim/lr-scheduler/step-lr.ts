import { checkCount, checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Factor of each step; 0.1 by default. */
  readonly gamma?: number | undefined;
}

/**
 * Multiplies the learning rate by gamma every `stepSize` epochs.
 *
 * @example
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 30, { gamma: 0.1 });
 * for (let epoch = 0; epoch < 30; epoch++) scheduler.step(); // after each epoch
 * scheduler.getLastLr(); // [0.001]
 */
export class StepLR extends FactorScheduler {
  stepSize: number;
  gamma: number;

  /** @throws ArgumentError unless stepSize is an integer of 1 or more and gamma a number of 0 or more. */
  constructor(optimizer: Schedulable, stepSize: number, options: StepLROptions = {}) {
    super(optimizer, options, ["gamma"]);
    this.stepSize = checkCount(stepSize, "stepSize", "StepLR");
    this.gamma = checkNumber(options.gamma ?? 0.1, "gamma", "StepLR", { least: 0 });
    this.start();
  }

  protected factor(epoch: number): number {
    return epoch !== 0 && epoch % this.stepSize === 0 ? this.gamma : 1;
  }
}
