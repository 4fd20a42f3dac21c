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
    this.lrLambdas = checkLambdas(lrLambda, optimizer.paramGroups.length, "LambdaLR");
    this.start();
  }

  protected getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * factorOf(this.lrLambdas[i], this.lastEpoch, "LambdaLR"));
  }

  protected override firstLr(): number[] {
    return this.getLr();
  }
}

/** One function for each group. @throws ArgumentError for anything but a function, or a list of one for each. */
export function checkLambdas(
  lrLambda: LrLambda | readonly LrLambda[],
  groups: number,
  owner: string,
): readonly LrLambda[] {
  const list = typeof lrLambda === "function" ? new Array<LrLambda>(groups).fill(lrLambda) : lrLambda;
  if (!Array.isArray(list) || list.some((fn) => typeof fn !== "function")) {
    throw new ArgumentError(
      `${owner}: lrLambda must be a function of the epoch, or a list of them; got ${typeof lrLambda}`,
    );
  }
  checkLength(list, groups, "lrLambda", owner);
  return list;
}

/** What the function gives for an epoch. @throws ArgumentError unless it is a number. */
export function factorOf(lrLambda: LrLambda | undefined, epoch: number, owner: string): number {
  const factor = lrLambda?.(epoch);
  if (Number.isFinite(factor)) return factor as number;
  throw new ArgumentError(`${owner}: lrLambda gave ${String(factor)} for epoch ${epoch}`);
}
