import { ArgumentError, StateDictError } from "../../base/errors.ts";
import { checkMilestones } from "./arguments.ts";
import { type Schedulable, Scheduler, type SchedulerState } from "./scheduler.ts";

/**
 * Schedulers of one optimizer in turn: at each milestone the next one starts, from its own epoch 0. Warm-up and then a
 * cosine, for example.
 *
 * @example
 * const { LinearLR, CosineAnnealingLR, SequentialLR } = optim.lrScheduler;
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const scheduler = new SequentialLR(optimizer, [warmUp, new CosineAnnealingLR(optimizer, 2)], [2]);
 * const first = scheduler.getLastLr(); // [0.005]
 * const lrs = [1, 2, 3, 4].map(() => (scheduler.step(), scheduler.getLastLr()[0])); // [0.0075, 0.01, 0.005, 0]
 */
export class SequentialLR extends Scheduler {
  readonly schedulers: readonly Scheduler[];
  milestones: number[];

  /**
   * @param schedulers made for the same optimizer
   * @param milestones epochs at which the next one takes over: one fewer than schedulers, in order
   * @throws ArgumentError for schedulers of another optimizer, those that need a metric, or milestones that do not fit.
   */
  constructor(optimizer: Schedulable, schedulers: readonly Scheduler[], milestones: readonly number[]) {
    super(optimizer);
    checkSchedulers(optimizer, schedulers);
    this.schedulers = [...schedulers];
    this.milestones = checkMilestones(milestones, "SequentialLR", 1);
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        `SequentialLR: ${schedulers.length} schedulers need ${schedulers.length - 1} milestones; got ${milestones.length}`,
        { schedulers: schedulers.length, milestones },
      );
    }
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    // The others have set learning rates too when they were made: only the first one's count now.
    this.schedulers.forEach((s) => void s.lastEpoch--);
    this.start();
  }

  protected override start(): void {
    this.lastEpoch = 0;
    this.#turn(0).step();
    this.setLr(this.#turn(0).getLastLr());
  }

  override step(): void {
    this.lastEpoch++;
    const at = this.milestones.filter((m) => m <= this.lastEpoch).length;
    if (this.milestones[at - 1] === this.lastEpoch) this.#turn(at).restart();
    else this.#turn(at).step();
    this.setLr(this.#turn(at).getLastLr());
  }

  override restart(): void {
    this.lastEpoch = 0;
    this.#turn(0).restart();
    this.setLr(this.#turn(0).getLastLr());
  }

  #turn(at: number): Scheduler {
    return this.schedulers[at] as Scheduler;
  }

  protected getLr(): number[] {
    return this.currentLrs();
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.schedulers.map((s) => s.stateDict()) };
  }

  override loadStateDict(dict: SchedulerState): void {
    const { schedulers, ...own } = dict;
    if (!Array.isArray(schedulers) || schedulers.length !== this.schedulers.length) {
      throw new StateDictError(
        `loadStateDict: the state does not fit this SequentialLR of ${this.schedulers.length} schedulers`,
      );
    }
    super.loadStateDict(own);
    this.schedulers.forEach((s, i) => void s.loadStateDict(schedulers[i] as SchedulerState));
  }
}

function checkSchedulers(optimizer: Schedulable, schedulers: readonly Scheduler[]): void {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new ArgumentError("SequentialLR: the second argument must be a list of schedulers");
  }
  for (const [i, s] of (schedulers as readonly unknown[]).entries()) {
    if (!(s instanceof Scheduler)) {
      throw new ArgumentError(
        `SequentialLR: schedulers[${i}] is no scheduler that steps without a metric; ReduceLROnPlateau goes alone`,
        { scheduler: s },
      );
    }
    if (s.optimizer !== optimizer) {
      throw new ArgumentError(`SequentialLR: schedulers[${i}] belongs to another optimizer`);
    }
  }
}
