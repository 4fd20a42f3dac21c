import { checkCount, checkNumber } from "./arguments.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** Learning rate at the lowest point; 0 by default. */
  readonly etaMin?: number | undefined;
}

/**
 * Half a wave of a cosine from the initial learning rate down to `etaMin` in `tMax` epochs, and up again after that
 * (Loshchilov and Hutter, 2017): etaMin + (initial - etaMin) * (1 + cos(pi * epoch / tMax)) / 2. Each epoch's rate is
 * computed from the last, so that other schedulers can work on the same optimizer.
 *
 * @example
 * const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 4);
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.008536, 0.005, 0.001464, 0]
 */
export class CosineAnnealingLR extends Scheduler {
  tMax: number;
  etaMin: number;

  /** @throws ArgumentError unless tMax is an integer of 1 or more and etaMin a number of 0 or more. */
  constructor(optimizer: Schedulable, tMax: number, options: CosineAnnealingLROptions = {}) {
    super(optimizer, options, ["etaMin"]);
    this.tMax = checkCount(tMax, "tMax", "CosineAnnealingLR");
    this.etaMin = checkNumber(options.etaMin ?? 0, "etaMin", "CosineAnnealingLR", { least: 0 });
    this.start();
  }

  protected getLr(): number[] {
    const { lastEpoch: epoch, tMax, etaMin } = this;
    const lrs = this.currentLrs();
    if (epoch === 0) return lrs;
    const height = (at: number): number => 1 + Math.cos((Math.PI * at) / tMax);
    // At the lowest point nothing is left to multiply: the way up starts with a sum.
    if ((((epoch - 1 - tMax) % (2 * tMax)) + 2 * tMax) % (2 * tMax) === 0) {
      return lrs.map(
        (lr, i) => lr + (((this.baseLrs[i] as number) - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2,
      );
    }
    return lrs.map((lr) => (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin);
  }
}
