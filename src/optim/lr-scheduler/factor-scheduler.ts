import { Scheduler } from "./scheduler.ts";

/**
 * Schedulers that multiply: every epoch's learning rate is the last one times a factor, so that several of them can
 * work on the same optimizer.
 */
export abstract class FactorScheduler extends Scheduler {
  /** What learning rates are multiplied with when an epoch begins. */
  protected abstract factor(epoch: number): number;

  protected getLr(): number[] {
    const factor = this.factor(this.lastEpoch);
    return this.currentLrs().map((lr) => lr * factor);
  }

  protected override firstLr(): number[] {
    const factor = this.factor(0);
    return this.baseLrs.map((lr) => lr * factor);
  }
}
