import { ArgumentError } from "../../base/errors.ts";
import { checkLength } from "./arguments.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** The factor of the initial learning rate in an epoch; epochs count from 0. */
export type LrLambda = (epoch: number) => number;

/**
 * The initial learning rate times a function of the epoch. The function does not belong to the state dict.
 *
 * @example
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 1 / (1 + epoch));
 * scheduler.step();
 * scheduler.getLastLr(); // [0.005]
 */
export class LambdaLR extends Scheduler {
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
    const groups = optimizer.paramGroups.length;
    const list = typeof lrLambda === "function" ? new Array<LrLambda>(groups).fill(lrLambda) : lrLambda;
    if (!Array.isArray(list) || list.some((fn) => typeof fn !== "function")) {
      throw new ArgumentError(
        `LambdaLR: lrLambda must be a function of the epoch, or a list of them; got ${typeof lrLambda}`,
      );
    }
    checkLength(list, groups, "lrLambda", "LambdaLR");
    this.lrLambdas = list;
    this.start();
  }

  protected getLr(): number[] {
    return this.baseLrs.map((lr, i) => {
      const factor = this.lrLambdas[i]?.(this.lastEpoch);
      if (Number.isFinite(factor)) return lr * (factor as number);
      throw new ArgumentError(`LambdaLR: lrLambda gave ${String(factor)} for epoch ${this.lastEpoch}`);
    });
  }

  protected override firstLr(): number[] {
    return this.getLr();
  }
}
