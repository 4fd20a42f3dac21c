import { checkCount, checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** Factor of the first epochs, above 0 and up to 1; 1/3 by default. */
  readonly factor?: number | undefined;
  /** Number of these epochs; 5 by default. */
  readonly totalIters?: number | undefined;
}

/**
 * A smaller learning rate for the first `totalIters` epochs: warm-up in one step.
 *
 * @example
 * const scheduler = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * scheduler.getLastLr(); // [0.005]
 * const lrs = [1, 2, 3].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.005, 0.01, 0.01]
 */
export class ConstantLR extends FactorScheduler {
  /** The option `factor`. */
  firstFactor: number;
  totalIters: number;

  /** @throws ArgumentError unless factor is above 0 and at most 1, and totalIters an integer of 1 or more. */
  constructor(optimizer: Schedulable, options: ConstantLROptions = {}) {
    super(optimizer, options, ["factor", "totalIters"]);
    const bounds = { least: 0, most: 1, above: true };
    this.firstFactor = checkNumber(options.factor ?? 1 / 3, "factor", "ConstantLR", bounds);
    this.totalIters = checkCount(options.totalIters ?? 5, "totalIters", "ConstantLR");
    this.start();
  }

  protected factor(epoch: number): number {
    if (epoch === 0) return this.firstFactor;
    return epoch === this.totalIters ? 1 / this.firstFactor : 1;
  }
}
