import { ArgumentError } from "../../base/errors.ts";
import { checkCount, checkNumber, checkNumbers, checkOptions, checkWord } from "./arguments.ts";
import {
  checkOptimizer,
  loadOwnState,
  ownState,
  type Schedulable,
  type SchedulerState,
} from "./scheduler.ts";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether smaller or larger is better; "min" by default. */
  readonly mode?: "min" | "max" | undefined;
  /** What learning rates are multiplied with, below 1; 0.1 by default. */
  readonly factor?: number | undefined;
  /** Epochs without improvement that are waited for; 10 by default. */
  readonly patience?: number | undefined;
  /** A smaller change is no improvement; 1e-4 by default. */
  readonly threshold?: number | undefined;
  /** Whether the threshold is a share of the best value, or a difference; "rel" by default. */
  readonly thresholdMode?: "rel" | "abs" | undefined;
  /** Epochs after a reduction in which nothing is counted; 0 by default. */
  readonly cooldown?: number | undefined;
  /** Learning rate below which it does not go, of all groups or of each; 0 by default. */
  readonly minLr?: number | readonly number[] | undefined;
  /** A reduction by less than this is left out; 1e-8 by default. */
  readonly eps?: number | undefined;
}

const known = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"];

/**
 * Multiplies the learning rate by `factor` when a measured value has not improved for more than `patience` epochs.
 * `fit` gives it the epoch's validation loss, or the training loss where nothing is validated.
 *
 * @example
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1 });
 * for (const loss of [1, 0.9, 0.9, 0.95]) scheduler.step(loss);
 * scheduler.getLastLr(); // [0.005]
 */
export class ReduceLROnPlateau {
  readonly optimizer: Schedulable;
  mode: "min" | "max";
  factor: number;
  patience: number;
  threshold: number;
  thresholdMode: "rel" | "abs";
  cooldown: number;
  minLrs: number[];
  eps: number;
  /** Best value so far; an infinity before the first. */
  best: number;
  /** Epochs since the last improvement. */
  numBadEpochs = 0;
  /** Epochs of cooldown that are left. */
  cooldownCounter = 0;
  /** Number of `step()` calls so far. */
  lastEpoch = 0;

  /** @throws ArgumentError for unknown options, and values out of range. */
  constructor(optimizer: Schedulable, options: ReduceLROnPlateauOptions = {}) {
    const owner = "ReduceLROnPlateau";
    checkOptimizer(optimizer, owner);
    checkOptions(options, known, owner);
    const { mode = "min", factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = "rel" } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    this.optimizer = optimizer;
    this.mode = checkWord(mode, ["min", "max"], "mode", owner);
    this.factor = checkNumber(factor, "factor", owner, { least: 0 });
    if (factor >= 1) throw new ArgumentError(`${owner}: factor must be below 1; got ${factor}`, { factor });
    this.patience = checkCount(patience, "patience", owner, 0);
    this.threshold = checkNumber(threshold, "threshold", owner, { least: 0 });
    this.thresholdMode = checkWord(thresholdMode, ["rel", "abs"], "thresholdMode", owner);
    this.cooldown = checkCount(cooldown, "cooldown", owner, 0);
    this.minLrs = checkNumbers(minLr, optimizer.paramGroups.length, "minLr", owner, { least: 0 });
    this.eps = checkNumber(eps, "eps", owner, { least: 0 });
    this.best = mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** True: `step` needs a value. */
  get needsMetric(): true {
    return true;
  }

  /**
   * Ends an epoch.
   *
   * @param metric the value that was measured; NaN is no improvement
   * @throws ArgumentError unless it is a number.
   */
  step(metric: number): void {
    if (typeof metric !== "number") {
      throw new ArgumentError(
        `ReduceLROnPlateau: step needs the value that was measured, such as the validation loss; got ${typeof metric}`,
        { metric },
      );
    }
    this.lastEpoch++;
    if (this.#improves(metric)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs <= this.patience) return;
    this.#reduce();
    this.cooldownCounter = this.cooldown;
    this.numBadEpochs = 0;
  }

  #improves(metric: number): boolean {
    const { best, mode, threshold, thresholdMode } = this;
    const sign = mode === "min" ? -1 : 1;
    const bound = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? metric < bound : metric > bound;
  }

  #reduce(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * this.factor, this.minLrs[i] as number);
      if (group.lr - lr > this.eps) group.lr = lr;
    });
  }

  /** Learning rates now, one for each group. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map((g) => g.lr);
  }

  /** Everything but the optimizer. */
  stateDict(): SchedulerState {
    return ownState(this);
  }

  /**
   * Takes over what `stateDict` gave. Learning rates are the optimizer's state and come with it.
   * @throws StateDictError for the state of another scheduler; nothing is changed then.
   */
  loadStateDict(dict: SchedulerState): void {
    loadOwnState(this, dict);
  }
}
