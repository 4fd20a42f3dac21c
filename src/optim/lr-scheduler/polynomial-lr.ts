import { checkCount, checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** Epochs until the learning rate is 0; 5 by default. */
  readonly totalIters?: number | undefined;
  /** 1 for a straight line, the default; above it the way down flattens out. */
  readonly power?: number | undefined;
}

/**
 * From the initial learning rate down to 0 in `totalIters` epochs: initial * (1 - epoch / totalIters) ** power.
 *
 * @example
 * const scheduler = new optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4, power: 2 });
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.005625, 0.0025, 0.000625, 0]
 */
export class PolynomialLR extends FactorScheduler {
  totalIters: number;
  power: number;

  /** @throws ArgumentError unless totalIters is an integer of 1 or more and power a number of 0 or more. */
  constructor(optimizer: Schedulable, options: PolynomialLROptions = {}) {
    super(optimizer, options, ["totalIters", "power"]);
    this.totalIters = checkCount(options.totalIters ?? 5, "totalIters", "PolynomialLR");
    this.power = checkNumber(options.power ?? 1, "power", "PolynomialLR", { least: 0 });
    this.start();
  }

  protected factor(epoch: number): number {
    const { totalIters, power } = this;
    if (epoch === 0 || epoch > totalIters) return 1;
    return ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  }
}
