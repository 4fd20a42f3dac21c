import { ArgumentError } from "../../base/errors.ts";
import { checkBoolean, checkCount, checkNumber, checkNumbers, checkWord } from "./arguments.ts";
import { checkMomentum, setMomentum } from "./momentum.ts";
import { type Schedulable, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** Steps of the whole cycle. Needed, unless `epochs` and `stepsPerEpoch` are given. */
  readonly totalSteps?: number | undefined;
  /** Epochs of the whole cycle. */
  readonly epochs?: number | undefined;
  /** Steps of each epoch. */
  readonly stepsPerEpoch?: number | undefined;
  /** Share of the steps on the way up; 0.3 by default. */
  readonly pctStart?: number | undefined;
  /** Along a cosine or a straight line; "cos" by default. */
  readonly annealStrategy?: "cos" | "linear" | undefined;
  /** Whether the momentum (or betas[0]) falls while the learning rate grows; true by default. */
  readonly cycleMomentum?: boolean | undefined;
  /** Momentum at the highest learning rate, for all groups or for each; 0.85 by default. */
  readonly baseMomentum?: number | readonly number[] | undefined;
  /** Momentum at the start and the end, for all groups or for each; 0.95 by default. */
  readonly maxMomentum?: number | readonly number[] | undefined;
  /** The learning rate starts with maxLr / divFactor; 25 by default. */
  readonly divFactor?: number | undefined;
  /** It ends with maxLr / divFactor / finalDivFactor; 1e4 by default. */
  readonly finalDivFactor?: number | undefined;
  /** Whether it first comes down to the start and then to the end; false by default. */
  readonly threePhase?: boolean | undefined;
}

/** Positions in the cycle: the values that a phase runs between. */
type Point = "initial" | "max" | "min";

interface Phase {
  readonly from: Point;
  readonly to: Point;
  readonly end: number;
}

const known = [
  "totalSteps",
  "epochs",
  "stepsPerEpoch",
  "pctStart",
  "annealStrategy",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
  "divFactor",
  "finalDivFactor",
  "threePhase",
];

/**
 * One cycle up to `maxLr` and down to almost nothing, with the momentum the other way round ("super-convergence":
 * Smith and Topin, 2018). Step it after every batch: `fit` does with `schedulerInterval: "step"`. It sets the learning
 * rates from its own options, whatever the optimizer's were.
 *
 * @example
 * const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 0.1, { totalSteps: 10, cycleMomentum: false });
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.052, 0.1, 0.09505, 0.08117]
 */
export class OneCycleLR extends Scheduler {
  totalSteps: number;
  pctStart: number;
  annealStrategy: "cos" | "linear";
  cycleMomentum: boolean;
  threePhase: boolean;
  /** Highest learning rate of each group; `baseLrs` are those at the start. */
  maxLrs: number[];
  /** Learning rate of each group at the end. */
  minLrs: number[];
  baseMomenta: number[];
  maxMomenta: number[];

  /**
   * @param maxLr highest learning rate, of all groups or of each
   * @throws ArgumentError for options out of range, a missing number of steps, or an optimizer without momentum.
   */
  constructor(optimizer: Schedulable, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    super(optimizer, options, known);
    const owner = "OneCycleLR";
    const { pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true, threePhase = false } = options;
    const { baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4 } = options;
    const groups = optimizer.paramGroups.length;
    const positive = { least: 0, above: true };
    this.totalSteps = stepsOf(options);
    this.pctStart = checkNumber(pctStart, "pctStart", owner, { least: 0, most: 1 });
    this.annealStrategy = checkWord(annealStrategy, ["cos", "linear"], "annealStrategy", owner);
    this.cycleMomentum = checkBoolean(cycleMomentum, "cycleMomentum", owner);
    this.threePhase = checkBoolean(threePhase, "threePhase", owner);
    this.maxLrs = checkNumbers(maxLr, groups, "maxLr", owner, positive);
    const start = checkNumber(divFactor, "divFactor", owner, positive);
    const end = checkNumber(finalDivFactor, "finalDivFactor", owner, positive);
    this.baseLrs = this.maxLrs.map((lr) => lr / start);
    this.minLrs = this.baseLrs.map((lr) => lr / end);
    const shares = { least: 0, most: 1 };
    this.baseMomenta = checkNumbers(baseMomentum, groups, "baseMomentum", owner, shares);
    this.maxMomenta = checkNumbers(maxMomentum, groups, "maxMomentum", owner, shares);
    if (cycleMomentum) checkMomentum(optimizer, owner);
    optimizer.paramGroups.forEach((group, i) => {
      group.initialLr = this.baseLrs[i] as number;
    });
    this.start();
  }

  /** Numbers of the last steps may be fractions: the highest learning rate then lies between two steps. */
  #phases(): readonly Phase[] {
    const { pctStart, totalSteps, threePhase } = this;
    const up: Phase = { from: "initial", to: "max", end: pctStart * totalSteps - 1 };
    const last = totalSteps - 1;
    if (!threePhase) return [up, { from: "max", to: "min", end: last }];
    return [
      up,
      { from: "max", to: "initial", end: 2 * pctStart * totalSteps - 2 },
      { from: "initial", to: "min", end: last },
    ];
  }

  protected getLr(): number[] {
    const { lastEpoch: step, totalSteps } = this;
    if (step > totalSteps) {
      throw new ArgumentError(
        `OneCycleLR: step ${step} is past the end of the cycle; totalSteps is ${totalSteps}: step it once after each batch`,
        { step, totalSteps },
      );
    }
    const phases = this.#phases();
    const found = phases.findIndex((p) => step <= p.end);
    const at = found < 0 ? phases.length - 1 : found;
    const { from, to, end } = phases[at] as Phase;
    const begin = phases[at - 1]?.end ?? 0;
    // A phase without steps is at its end at once.
    const share = end === begin ? 1 : (step - begin) / (end - begin);
    if (this.cycleMomentum) {
      const momentum = (point: Point): readonly number[] =>
        point === "max" ? this.baseMomenta : this.maxMomenta;
      setMomentum(this.optimizer, this.#between(momentum(from), momentum(to), share));
    }
    const lr = { initial: this.baseLrs, max: this.maxLrs, min: this.minLrs };
    return this.#between(lr[from], lr[to], share);
  }

  #between(from: readonly number[], to: readonly number[], share: number): number[] {
    const weight = this.annealStrategy === "cos" ? (1 - Math.cos(Math.PI * share)) / 2 : share;
    return from.map((a, i) => a + ((to[i] as number) - a) * weight);
  }

  protected override firstLr(): number[] {
    return this.getLr();
  }
}

/** @throws ArgumentError unless the number of steps is given in one of the two ways. */
function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) return checkCount(totalSteps, "totalSteps", "OneCycleLR");
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new ArgumentError("OneCycleLR: give totalSteps, or epochs and stepsPerEpoch");
  }
  return (
    checkCount(epochs, "epochs", "OneCycleLR") * checkCount(stepsPerEpoch, "stepsPerEpoch", "OneCycleLR")
  );
}
