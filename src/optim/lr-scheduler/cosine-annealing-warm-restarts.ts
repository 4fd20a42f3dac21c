import { checkCount, checkNumber } from "./arguments.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** How many times longer each cycle is than the one before; 1 by default. */
  readonly tMult?: number | undefined;
  /** Learning rate at the lowest point; 0 by default. */
  readonly etaMin?: number | undefined;
}

/**
 * Cosines from the initial learning rate down towards `etaMin`, one after the other (SGDR: Loshchilov and Hutter,
 * 2017): the first takes `t0` epochs, each of the next `tMult` times as many.
 *
 * @example
 * const scheduler = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 2, { tMult: 2 });
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.005, 0.01, 0.008536, 0.005]
 * scheduler.step(0.5); // within an epoch
 * scheduler.getLastLr(); // [0.008536]
 */
export class CosineAnnealingWarmRestarts extends Scheduler {
  t0: number;
  tMult: number;
  etaMin: number;
  /** What `step(epoch)` was given beyond a whole epoch. */
  fraction = 0;

  /** @throws ArgumentError unless t0 and tMult are integers of 1 or more and etaMin a number of 0 or more. */
  constructor(optimizer: Schedulable, t0: number, options: CosineAnnealingWarmRestartsOptions = {}) {
    super(optimizer, options, ["tMult", "etaMin"]);
    const owner = "CosineAnnealingWarmRestarts";
    this.t0 = checkCount(t0, "t0", owner);
    this.tMult = checkCount(options.tMult ?? 1, "tMult", owner);
    this.etaMin = checkNumber(options.etaMin ?? 0, "etaMin", owner, { least: 0 });
    this.start();
  }

  /**
   * Goes to the next epoch, or to the given one.
   *
   * @param epoch may have a fraction, such as `epoch + batch / batches`; the next one by default
   * @throws ArgumentError unless it is a number of 0 or more.
   */
  override step(epoch?: number): void {
    if (epoch === undefined) {
      super.step();
      return;
    }
    checkNumber(epoch, "epoch", "CosineAnnealingWarmRestarts", { least: 0 });
    this.lastEpoch = Math.floor(epoch);
    this.fraction = epoch - this.lastEpoch;
    this.setLr(this.getLr());
  }

  override restart(): void {
    this.step(0);
  }

  protected getLr(): number[] {
    let [length, at] = [this.t0, this.lastEpoch + this.fraction];
    if (this.tMult === 1) at %= length;
    while (at >= length) {
      at -= length;
      length *= this.tMult;
    }
    const height = (1 + Math.cos((Math.PI * at) / length)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }
}
