/**
 * Schedulers write `lr` of an optimizer's groups, once when they are made and then at every `step()`.
 */
import { ArgumentError, StateDictError } from "../../base/errors.ts";
import type { CommonOptions, Optimizer, ParamGroup } from "../optimizer.ts";
import { checkOptions } from "./arguments.ts";

/** Options that schedulers share. */
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
 * `start()` at the end of their constructor. Public fields are the state dict.
 *
 * @example
 * class Halving extends optim.lrScheduler.Scheduler {
 *   constructor(optimizer: optim.lrScheduler.Schedulable) {
 *     super(optimizer);
 *     this.start();
 *   }
 *   protected getLr() {
 *     return this.baseLrs.map((lr) => lr / 2 ** this.lastEpoch);
 *   }
 * }
 * const halving = new Halving(optimizer); // with lr 0.01
 * halving.step();
 * halving.getLastLr(); // [0.005]
 */
export abstract class Scheduler {
  readonly optimizer: Schedulable;
  /** Learning rate that each group started with. */
  baseLrs: number[];
  /** Number of `step()` calls so far. */
  lastEpoch: number;
  #lastLrs: number[] = [];

  /**
   * @param known names of the options that the derived class has
   * @throws ArgumentError for an unknown option, or a `lastEpoch` that is none.
   */
  constructor(optimizer: Schedulable, options: SchedulerOptions = {}, known: readonly string[] = []) {
    const owner = this.constructor.name;
    checkOptimizer(optimizer, owner);
    checkOptions(options, [...known, "lastEpoch"], owner);
    this.optimizer = optimizer;
    this.lastEpoch = options.lastEpoch ?? -1;
    if (!Number.isInteger(this.lastEpoch) || this.lastEpoch < -1) {
      throw new ArgumentError(`${owner}: lastEpoch must be an integer of -1 or more; got ${this.lastEpoch}`, {
        lastEpoch: this.lastEpoch,
      });
    }
    for (const group of optimizer.paramGroups) {
      if (this.lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ArgumentError(
          `${owner}: with lastEpoch ${this.lastEpoch} every group needs initialLr; load the optimizer's state first`,
        );
      }
    }
    this.baseLrs = optimizer.paramGroups.map((g) => g.initialLr as number);
  }

  /** Learning rate of each group for epoch `lastEpoch`, usually from the current ones. */
  protected abstract getLr(): number[];

  /** Learning rate of each group for epoch 0, whatever the current ones are. */
  protected firstLr(): number[] {
    return [...this.baseLrs];
  }

  /** Sets the learning rates of the first epoch. */
  protected start(): void {
    this.step();
  }

  /** Goes to the next epoch (or batch, as the caller counts) and sets its learning rates. */
  step(): void {
    this.lastEpoch++;
    this.setLr(this.getLr());
  }

  /** Goes back to epoch 0, as `SequentialLR` does when a scheduler's turn comes. */
  restart(): void {
    this.lastEpoch = 0;
    this.setLr(this.firstLr());
  }

  /** Sets the learning rate of each group. */
  protected setLr(lrs: readonly number[]): void {
    this.#lastLrs = [...lrs];
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = lrs[i] as number;
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

  /** Everything but the optimizer and functions. */
  stateDict(): SchedulerState {
    return { ...ownState(this), lastLrs: this.getLastLr() };
  }

  /**
   * Takes over what `stateDict` gave. Learning rates are the optimizer's state and come with it.
   * @throws StateDictError for the state of another scheduler; nothing is changed then.
   */
  loadStateDict(dict: SchedulerState): void {
    const { lastLrs, ...own } = dict;
    if (!Array.isArray(lastLrs))
      throw new StateDictError(`${this.constructor.name}: the state has no lastLrs`);
    loadOwnState(this, own);
    this.#lastLrs = lastLrs.map(Number);
  }
}

/** @throws ArgumentError unless it has groups of parameters. */
export function checkOptimizer(optimizer: Schedulable, owner: string): void {
  if (Array.isArray((optimizer as Partial<Schedulable> | null | undefined)?.paramGroups)) return;
  throw new ArgumentError(`${owner}: the first argument must be an optimizer; got ${typeof optimizer}`, {
    optimizer,
  });
}

/** Fields of a scheduler that can be saved; lists are copied. */
export function ownState(scheduler: object): SchedulerState {
  const own = Object.entries(scheduler).filter(
    ([key, value]) => key !== "optimizer" && !(Array.isArray(value) ? value : [value]).some(isNoValue),
  );
  return Object.fromEntries(own.map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]));
}

const isNoValue = (value: unknown): boolean =>
  typeof value === "function" || (typeof value === "object" && value !== null);

/** Sets fields of a scheduler. @throws StateDictError unless the names are those of `ownState`. */
export function loadOwnState(scheduler: object, state: SchedulerState): void {
  const own = Object.keys(ownState(scheduler));
  const problems = [
    ...own.filter((key) => !Object.hasOwn(state, key)).map((key) => `missing: ${key}`),
    ...Object.keys(state)
      .filter((key) => !own.includes(key))
      .map((key) => `unexpected: ${key}`),
  ];
  if (problems.length > 0) {
    throw new StateDictError(
      `loadStateDict: the state does not fit this ${scheduler.constructor.name}: ${problems.join("; ")}`,
      { problems },
    );
  }
  for (const [key, value] of Object.entries(state)) {
    Reflect.set(scheduler, key, Array.isArray(value) ? [...value] : value);
  }
}
