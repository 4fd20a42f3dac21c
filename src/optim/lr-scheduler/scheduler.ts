/**
 * Schedulers write `lr` of an optimizer's groups, once when they are made and then at every `step()`.
 */
import { ArgumentError } from "../../base/errors.ts";
import type { CommonOptions, Optimizer, ParamGroup } from "../optimizer.ts";

export interface SchedulerOptions {
  /** Number of the last epoch of an earlier run, to go on from there; -1 (start) by default. */
  readonly lastEpoch?: number | undefined;
}

/** What a scheduler remembers. */
export type SchedulerState = Record<string, unknown>;

/** An optimizer of any options: schedulers need no more than groups with a learning rate. */
export type Schedulable =
  | Pick<Optimizer, "paramGroups">
  | { readonly paramGroups: ParamGroup<CommonOptions>[] };

/**
 * Base class. Derived ones define `getLr`, which gives the learning rate of each group for epoch `lastEpoch`, and call
 * `start()` at the end of their constructor.
 */
export abstract class Scheduler {
  readonly optimizer: Schedulable;
  /** Learning rate that each group started with. */
  baseLrs: number[];
  /** Number of `step()` calls so far. */
  lastEpoch: number;
  #lastLrs: number[] = [];

  constructor(optimizer: Schedulable, options: SchedulerOptions = {}) {
    this.optimizer = optimizer;
    this.lastEpoch = options.lastEpoch ?? -1;
    if (!Number.isInteger(this.lastEpoch) || this.lastEpoch < -1) {
      throw new ArgumentError(
        `${this.constructor.name}: lastEpoch must be an integer of -1 or more; got ${this.lastEpoch}`,
        {
          lastEpoch: this.lastEpoch,
        },
      );
    }
    for (const group of optimizer.paramGroups) {
      if (this.lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ArgumentError(
          `${this.constructor.name}: with lastEpoch ${this.lastEpoch} every group needs initialLr; load the optimizer's ` +
            "state first",
        );
      }
    }
    this.baseLrs = optimizer.paramGroups.map((g) => g.initialLr as number);
  }

  /** Learning rate of each group for epoch `lastEpoch`, usually from the current ones. */
  protected abstract getLr(): number[];

  /** Sets the learning rates of the first epoch. */
  protected start(): void {
    this.step();
  }

  /** Goes to the next epoch (or batch, as the caller counts) and sets its learning rates. */
  step(): void {
    this.lastEpoch++;
    this.#lastLrs = this.getLr();
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.#lastLrs[i] as number;
    });
  }

  /** Learning rates that the last `step()` set, one for each group. */
  getLastLr(): number[] {
    return [...this.#lastLrs];
  }

  /** Current learning rates. */
  protected currentLrs(): number[] {
    return this.optimizer.paramGroups.map((g) => g.lr);
  }

  /** Everything but the optimizer. */
  stateDict(): SchedulerState {
    const own = Object.entries(this).filter(([key]) => key !== "optimizer");
    return { ...Object.fromEntries(own), baseLrs: [...this.baseLrs], lastLrs: this.getLastLr() };
  }

  /** Takes over what `stateDict` gave. Learning rates are the optimizer's state and come with it. */
  loadStateDict(dict: SchedulerState): void {
    const { lastLrs, ...own } = dict;
    Object.assign(this, own);
    if (Array.isArray(lastLrs)) this.#lastLrs = lastLrs.map(Number);
  }
}
