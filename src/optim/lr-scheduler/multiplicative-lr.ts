import { checkLambdas, factorOf, type LrLambda } from "./lambda-lr.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/**
 * Multiplies the learning rate by a function of the epoch, from epoch 1 on. The function does not belong to the state
 * dict.
 *
 * @example
 * const scheduler = new optim.lrScheduler.MultiplicativeLR(optimizer, (epoch) => 1 / epoch);
 * const lrs = [1, 2, 3].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.01, 0.005, 0.001667]
 */
export class MultiplicativeLR extends Scheduler {
  readonly lrLambdas: readonly LrLambda[];

  /**
   * @param lrLambda the function, or one for each group of parameters
   * @throws ArgumentError for anything else, also when a function gives no number.
   */
  constructor(
    optimizer: Schedulable,
    lrLambda: LrLambda | readonly LrLambda[],
    options: SchedulerOptions = {},
  ) {
    super(optimizer, options);
    this.lrLambdas = checkLambdas(lrLambda, optimizer.paramGroups.length, "MultiplicativeLR");
    this.start();
  }

  protected getLr(): number[] {
    const { lastEpoch: epoch, lrLambdas } = this;
    if (epoch === 0) return this.currentLrs();
    return this.currentLrs().map((lr, i) => lr * factorOf(lrLambdas[i], epoch, "MultiplicativeLR"));
  }

  protected override firstLr(): number[] {
    return this.currentLrs();
  }
}
