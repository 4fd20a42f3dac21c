import { ArgumentError } from "../../base/errors.ts";
import { checkBoolean, checkCount, checkNumber, checkNumbers, checkWord } from "./arguments.ts";
import { checkMomentum, setMomentum } from "./momentum.ts";
import { checkOptimizer, type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps on the way up; 2000 by default. */
  readonly stepSizeUp?: number | undefined;
  /** Steps on the way down; as many as up by default. */
  readonly stepSizeDown?: number | undefined;
  /** The height of cycles: the same, half of the last one's, or gamma ** step of it; "triangular" by default. */
  readonly mode?: "triangular" | "triangular2" | "exp_range" | undefined;
  /** For "exp_range"; 1 by default. */
  readonly gamma?: number | undefined;
  /** The height of cycles as a share of the whole, in place of a mode. It does not belong to the state dict. */
  readonly scaleFn?: ((x: number) => number) | undefined;
  /** What `scaleFn` is given: the number of the cycle, from 1 on, or that of the step; "cycle" by default. */
  readonly scaleMode?: "cycle" | "iterations" | undefined;
  /** Whether the momentum (or betas[0]) falls while the learning rate grows; true by default. */
  readonly cycleMomentum?: boolean | undefined;
  /** Momentum at the highest learning rate, for all groups or for each; 0.8 by default. */
  readonly baseMomentum?: number | readonly number[] | undefined;
  /** Momentum at the lowest learning rate, for all groups or for each; 0.9 by default. */
  readonly maxMomentum?: number | readonly number[] | undefined;
}

const known = [
  "stepSizeUp",
  "stepSizeDown",
  "mode",
  "gamma",
  "scaleFn",
  "scaleMode",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
];

/**
 * Straight lines up from `baseLr` to `maxLr` and down again, over and over, with the momentum the other way round (Smith,
 * 2017). Step it after every batch: `fit` does with `schedulerInterval: "step"`. It sets the learning rates from its own
 * arguments, whatever the optimizer's were.
 *
 * @example
 * const scheduler = new optim.lrScheduler.CyclicLR(optimizer, 0.1, 0.3, { stepSizeUp: 2, cycleMomentum: false });
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.2, 0.3, 0.2, 0.1]
 */
export class CyclicLR extends Scheduler {
  stepSizeUp: number;
  stepSizeDown: number;
  mode: "triangular" | "triangular2" | "exp_range";
  gamma: number;
  scaleMode: "cycle" | "iterations";
  cycleMomentum: boolean;
  /** Highest learning rate of each group; `baseLrs` are the lowest. */
  maxLrs: number[];
  baseMomenta: number[];
  maxMomenta: number[];
  readonly #scaleFn: CyclicLROptions["scaleFn"];

  /**
   * @param baseLr lowest learning rate, of all groups or of each
   * @param maxLr highest learning rate, of all groups or of each
   * @throws ArgumentError for options out of range, or an optimizer without momentum.
   */
  constructor(
    optimizer: Schedulable,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
  ) {
    const owner = "CyclicLR";
    checkOptimizer(optimizer, owner);
    const fresh = optimizer.paramGroups.map((group) => group.initialLr === undefined);
    super(optimizer, options, known);
    const { stepSizeUp = 2000, mode = "triangular", gamma = 1, scaleFn, scaleMode = "cycle" } = options;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    const groups = optimizer.paramGroups.length;
    this.stepSizeUp = checkCount(stepSizeUp, "stepSizeUp", owner);
    this.stepSizeDown = checkCount(options.stepSizeDown ?? stepSizeUp, "stepSizeDown", owner);
    this.mode = checkWord(mode, ["triangular", "triangular2", "exp_range"], "mode", owner);
    this.gamma = checkNumber(gamma, "gamma", owner, { least: 0 });
    this.scaleMode = checkWord(scaleMode, ["cycle", "iterations"], "scaleMode", owner);
    this.#scaleFn = checkScale(scaleFn);
    this.cycleMomentum = checkBoolean(cycleMomentum, "cycleMomentum", owner);
    this.baseLrs = checkNumbers(baseLr, groups, "baseLr", owner, { least: 0 });
    this.maxLrs = checkNumbers(maxLr, groups, "maxLr", owner, { least: 0 });
    const shares = { least: 0, most: 1 };
    this.baseMomenta = checkNumbers(baseMomentum, groups, "baseMomentum", owner, shares);
    this.maxMomenta = checkNumbers(maxMomentum, groups, "maxMomentum", owner, shares);
    if (cycleMomentum) checkMomentum(optimizer, owner);
    // What other schedulers start from is the lowest rate, unless one of them came first.
    optimizer.paramGroups.forEach((group, i) => {
      if (fresh[i]) group.initialLr = this.baseLrs[i] as number;
    });
    this.start();
  }

  /** The share of the whole height that this step's cycle has. */
  #height(cycle: number): number {
    const { scaleMode, mode, gamma, lastEpoch: step } = this;
    if (this.#scaleFn !== undefined) return this.#scaleFn(scaleMode === "cycle" ? cycle : step);
    if (mode === "triangular") return 1;
    return mode === "triangular2" ? 2 ** (1 - cycle) : gamma ** step;
  }

  protected getLr(): number[] {
    const { stepSizeUp, stepSizeDown, lastEpoch: step } = this;
    const length = stepSizeUp + stepSizeDown;
    const at = step % length;
    const up = at <= stepSizeUp ? at / stepSizeUp : (length - at) / stepSizeDown;
    const share = up * this.#height(1 + Math.floor(step / length));
    if (this.cycleMomentum) setMomentum(this.optimizer, between(this.maxMomenta, this.baseMomenta, share));
    return between(this.baseLrs, this.maxLrs, share);
  }

  protected override firstLr(): number[] {
    return this.getLr();
  }
}

function between(from: readonly number[], to: readonly number[], share: number): number[] {
  return from.map((a, i) => a + ((to[i] as number) - a) * share);
}

/** @throws ArgumentError for anything but a function. */
function checkScale(scaleFn: CyclicLROptions["scaleFn"]): CyclicLROptions["scaleFn"] {
  if (scaleFn === undefined || typeof scaleFn === "function") return scaleFn;
  throw new ArgumentError(
    `CyclicLR: scaleFn must be a function of the cycle or the step; got ${String(scaleFn)}`,
    { scaleFn },
  );
}
