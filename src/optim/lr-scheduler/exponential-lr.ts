import { checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/**
 * Multiplies the learning rate by gamma every epoch.
 *
 * @example
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, 0.9);
 * scheduler.step();
 * scheduler.getLastLr(); // [0.009]
 */
export class ExponentialLR extends FactorScheduler {
  gamma: number;

  /** @throws ArgumentError unless gamma is a number of 0 or more. */
  constructor(optimizer: Schedulable, gamma: number, options: SchedulerOptions = {}) {
    super(optimizer, options);
    this.gamma = checkNumber(gamma, "gamma", "ExponentialLR", { least: 0 });
    this.start();
  }

  protected factor(epoch: number): number {
    return epoch === 0 ? 1 : this.gamma;
  }
}
