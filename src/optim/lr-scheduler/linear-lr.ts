import { checkCount, checkNumber } from "./arguments.ts";
import { FactorScheduler } from "./factor-scheduler.ts";
import type { Schedulable, SchedulerOptions } from "./scheduler.ts";

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** Factor of the first epoch, above 0 and up to 1; 1/3 by default. */
  readonly startFactor?: number | undefined;
  /** Factor from epoch `totalIters` on, from 0 to 1; 1 by default. */
  readonly endFactor?: number | undefined;
  /** Epochs on the way; 5 by default. */
  readonly totalIters?: number | undefined;
}

/**
 * A factor that goes from `startFactor` to `endFactor` in a straight line: the usual warm-up (Goyal et al., 2017).
 *
 * @example
 * const scheduler = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 });
 * const first = scheduler.getLastLr(); // [0.005]
 * const lrs = [1, 2, 3, 4, 5].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.00625, 0.0075, 0.00875, 0.01, 0.01]
 */
export class LinearLR extends FactorScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;

  /** @throws ArgumentError for factors out of range, or a totalIters that is not an integer of 1 or more. */
  constructor(optimizer: Schedulable, options: LinearLROptions = {}) {
    super(optimizer, options, ["startFactor", "endFactor", "totalIters"]);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    const bounds = { least: 0, most: 1 };
    this.startFactor = checkNumber(startFactor, "startFactor", "LinearLR", { ...bounds, above: true });
    this.endFactor = checkNumber(endFactor, "endFactor", "LinearLR", bounds);
    this.totalIters = checkCount(totalIters, "totalIters", "LinearLR");
    this.start();
  }

  protected factor(epoch: number): number {
    const { startFactor, endFactor, totalIters } = this;
    if (epoch === 0) return startFactor;
    if (epoch > totalIters) return 1;
    const rise = endFactor - startFactor;
    return 1 + rise / (totalIters * startFactor + (epoch - 1) * rise);
  }
}
