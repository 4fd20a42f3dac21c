import { checkCount } from "./arguments.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

export interface StepLROptions extends SchedulerOptions {
  /** Factor of each step; 0.1 by default. */
  readonly gamma?: number | undefined;
}

/**
 * Multiplies the learning rate by gamma every `stepSize` epochs.
 *
 * @example
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 30, { gamma: 0.1 });
 * scheduler.step(); // after each epoch
 */
export class StepLR extends Scheduler {
  stepSize: number;
  gamma: number;

  /** @throws ArgumentError unless stepSize is an integer of 1 or more. */
  constructor(optimizer: Schedulable, stepSize: number, options: StepLROptions = {}) {
    super(optimizer, options);
    this.stepSize = checkCount(stepSize, "stepSize", "StepLR");
    this.gamma = options.gamma ?? 0.1;
    this.start();
  }

  protected getLr(): number[] {
    const { lastEpoch, stepSize, gamma } = this;
    const changes = lastEpoch !== 0 && lastEpoch % stepSize === 0;
    return this.currentLrs().map((lr) => (changes ? lr * gamma : lr));
  }
}
