/**
 * One training from its beginning, or from a saved state, to its end: the loop behind `fit`. What it does is what one would
 * write by hand (see the body of `#trainStep`); what happens around it, such as progress, checkpoints and early
 * stopping, is the callbacks' work.
 *
 * Between any two steps its whole state can be taken. A training that goes on from it computes the same bits: everything
 * that a step depends on is in the state, or follows from the number of the step.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { currentEngine } from "../engine/default.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import { defaultGenerator } from "../tensor/generator.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type {
  BatchSource,
  Callback,
  CheckpointMoment,
  EpochResult,
  Model,
  StepResult,
  TrainingContext,
  TrainingState,
} from "./contract.ts";
import { evaluate } from "./evaluate.ts";
import type { FitOptions } from "./fit-options.ts";
import { applyMetrics, MetricSums, readAll } from "./metrics.ts";
import { isGeneratorState, isRecord, restoreTrainingState, trainingState } from "./training-state.ts";

type Batch = readonly [x: Tensor, y: Tensor];

/** A step whose program runs, or has run. */
interface Underway {
  readonly result: Omit<StepResult, "step" | "loss">;
  readonly loss: Tensor;
  readonly measured: Readonly<Record<string, Tensor>>;
  /** Who looks at the model after it, and before the next one. */
  readonly watchers: readonly Callback[];
}

/** What validation must not change in a state that is taken while it runs. */
type Frozen = Pick<ReturnType<typeof trainingState>, "generator" | "programs">;

export class Training {
  readonly #model: Model;
  readonly #options: FitOptions;
  readonly #callbacks: readonly Callback[];
  /** Callbacks that may look at the model after a step and before the next one. */
  readonly #watchers: readonly Callback[];
  /** Epochs that are done, and steps of the next one. */
  #epoch: number;
  #step = 0;
  #sums = new MetricSums();
  #lr = Number.NaN;
  /** Seconds that the epoch had taken when it was last looked at, and when that was. */
  #seconds = 0;
  #since = 0;
  #stopped = false;
  /** The step whose values nobody has asked for yet: the next one is begun before they are, if nobody minds. */
  #underway: Underway | null = null;
  /** Whether callbacks are told of a step: one that has thrown is told nothing more. */
  #telling = false;
  #frozen: Frozen | null = null;

  constructor(model: Model, options: FitOptions) {
    this.#model = model;
    this.#options = options;
    this.#callbacks = options.callbacks ?? [];
    this.#watchers = this.#callbacks.filter((c) => c.onStepEnd !== undefined || c.onCheckpoint !== undefined);
    this.#epoch = options.startEpoch ?? 0;
  }

  /** @param resume A state that `TrainingContext.state` gave, and what messages call it. */
  async run(resume?: {
    readonly state: CheckpointValue;
    readonly source: string;
  }): Promise<readonly EpochResult[]> {
    const remembered = resume === undefined ? {} : this.#restore(resume.state, resume.source);
    const context = this.#context();
    const results: EpochResult[] = [];
    try {
      for (const c of this.#callbacks) await c.onTrainBegin?.(context);
      for (const [name, c] of named(this.#callbacks)) {
        if (remembered[name] !== undefined) await c.loadStateDict?.(remembered[name]);
      }
      await this.#settle("begin", context);
      while (this.#epoch < context.epochs && !this.#stopped) results.push(await this.#runEpoch(context));
    } catch (error) {
      if (isReason(this.#options.signal, error)) {
        await this.#endStep(context);
        await this.#settle("interrupted", context);
      } else if (!this.#telling) {
        // The step under way is done all the same; the first error is the one to tell of.
        await this.#endStep(context).catch(() => {});
      }
      throw error;
    } finally {
      for (const c of this.#callbacks) await c.onTrainEnd?.(context);
    }
    return results;
  }

  #context(): TrainingContext {
    const { loader, optimizer, scheduler, epochs } = this.#options;
    return {
      model: this.#model,
      optimizer,
      scheduler,
      epochs,
      startEpoch: this.#epoch,
      startStep: this.#step,
      stepsPerEpoch: loader.length,
      stop: () => {
        this.#stopped = true;
      },
      state: () => this.#state(),
    };
  }

  async #settle(
    when: CheckpointMoment["when"],
    context: TrainingContext,
    watchers = this.#watchers,
  ): Promise<void> {
    // What callbacks left to be computed would otherwise belong to the next step's program in a training that is not saved
    // here, and to a program of its own in one that is: other programs, other last bits.
    await currentEngine().flush();
    const moment = { when, epoch: this.#epoch, step: this.#step };
    for (const c of watchers) await c.onCheckpoint?.(moment, context);
  }

  async #runEpoch(context: TrainingContext): Promise<EpochResult> {
    const epoch = this.#epoch + 1;
    for (const c of this.#callbacks) await c.onEpochBegin?.(epoch, context);
    this.#model.train(true);
    this.#since = performance.now();
    await this.#runSteps(epoch, context);
    this.#stopClock();
    const result = await this.#validated(epoch, context);
    const { scheduler, schedulerInterval } = this.#options;
    if (schedulerInterval !== "step") {
      const metric = (result.validation ?? result.train).loss;
      scheduler?.step(...(scheduler.needsMetric === true ? [metric] : []));
    }
    [this.#epoch, this.#step, this.#seconds, this.#sums] = [epoch, 0, 0, new MetricSums()];
    for (const c of this.#callbacks) await c.onEpochEnd?.(result, context);
    await this.#settle("epoch", context);
    return result;
  }

  async #runSteps(epoch: number, context: TrainingContext): Promise<void> {
    const { loader, signal } = this.#options;
    for await (const batch of batchesFrom(loader, epoch - 1, this.#step)) {
      signal?.throwIfAborted();
      const watchers = this.#watchersOf(epoch, context);
      const begun = await this.#beginStep(epoch, batch, watchers);
      const before = this.#underway;
      this.#underway = begun;
      await this.#tell(before, context);
      if (watchers.length > 0) await this.#endStep(context);
    }
    await this.#endStep(context);
    signal?.throwIfAborted();
  }

  /** Tells of the step that begins. @returns who looks at the model after it */
  #watchersOf(epoch: number, context: TrainingContext): readonly Callback[] {
    const step = this.#step + (this.#underway === null ? 1 : 2);
    return this.#callbacks.filter((c) => {
      const wants = c.onStepBegin?.({ epoch, step }, context) ?? true;
      return wants && this.#watchers.includes(c);
    });
  }

  /** Ends when the step is under way, and the one before has ended. */
  async #beginStep(epoch: number, [x, y]: Batch, watchers: readonly Callback[]): Promise<Underway> {
    const { loss: lossOf, metrics = {}, optimizer, scheduler, schedulerInterval } = this.#options;
    const lr = optimizer.paramGroups[0]?.lr ?? Number.NaN;
    optimizer.zeroGrad();
    const output = this.#model(x);
    const loss = lossOf(output, y);
    const measured = applyMetrics(metrics, output, y);
    loss.backward();
    await optimizer.step();
    if (schedulerInterval === "step") scheduler?.step();
    return { result: { epoch, samples: x.size(0), lr }, loss, measured, watchers };
  }

  /** Tells the values of the step that is under way, if one is. */
  async #endStep(context: TrainingContext): Promise<void> {
    const underway = this.#underway;
    this.#underway = null;
    await this.#tell(underway, context);
  }

  async #tell(underway: Underway | null, context: TrainingContext): Promise<void> {
    if (underway === null) return;
    // Both are small, so the step's program computes them: reading runs nothing.
    const [loss, metrics] = [await underway.loss.item(), await readAll(underway.measured)];
    const result = { ...underway.result, step: ++this.#step, loss };
    this.#sums.add(result.samples, loss, metrics);
    this.#lr = result.lr;
    this.#telling = true;
    const { watchers } = underway;
    for (const c of this.#callbacks) {
      await c.onLoss?.(result, context);
      if (watchers.includes(c)) await c.onStepEnd?.(result, context);
    }
    if (watchers.length > 0) await this.#settle("step", context, watchers);
    this.#telling = false;
  }

  async #validated(epoch: number, context: TrainingContext): Promise<EpochResult> {
    const { validation, loss, metrics = {}, signal } = this.#options;
    const trained = {
      epoch,
      train: this.#sums.means(),
      samples: this.#sums.samples,
      seconds: this.#seconds,
      lr: this.#lr,
    };
    if (validation === undefined) return trained;
    // Its order, where it has one, follows from the number of the epoch as that of the training does.
    validation.epoch = epoch - 1;
    const onBatch = (output: Tensor, target: Tensor): void => {
      for (const c of this.#callbacks) c.onValidationBatch?.(output, target, context);
    };
    // A training that is stopped in its validation validates anew when it goes on: what ran until then must not count.
    const { generator, programs } = trainingState(this.#parts(), epoch);
    this.#frozen = { generator, programs } as Frozen;
    const measured = await evaluate(this.#model, { loader: validation, loss, metrics, onBatch, signal });
    this.#frozen = null;
    return { ...trained, validation: measured };
  }

  #stopClock(): void {
    const now = performance.now();
    this.#seconds += (now - this.#since) / 1000;
    this.#since = now;
  }

  #parts(): Parameters<typeof trainingState>[0] {
    const { optimizer, scheduler } = this.#options;
    return { model: this.#model, optimizer, scheduler };
  }

  async #state(): Promise<TrainingState> {
    if (this.#step > 0 && this.#frozen === null) this.#stopClock();
    // Before callbacks are asked, since what they compute must not count as run.
    const state = { ...trainingState(this.#parts(), this.#epoch), ...this.#frozen };
    const { loader } = this.#options;
    const callbacks: Record<string, CheckpointValue> = {};
    for (const [name, c] of named(this.#callbacks)) {
      const remembered = await c.stateDict?.();
      if (remembered !== undefined) callbacks[name] = remembered;
    }
    return {
      ...state,
      step: this.#step,
      stepsPerEpoch: loader.length,
      loader: loader.generator?.getState() ?? null,
      sums: this.#sums.state(),
      lr: this.#lr,
      seconds: this.#seconds,
      stopped: this.#stopped,
      callbacks,
    };
  }

  /** @returns What callbacks remember, by name. */
  #restore(state: CheckpointValue, source: string): Readonly<Record<string, CheckpointValue>> {
    const { loader } = this.#options;
    this.#epoch = restoreTrainingState(state, this.#parts(), source);
    const {
      step = 0,
      stepsPerEpoch,
      loader: random,
      sums,
      lr,
      seconds,
      stopped,
      callbacks,
    } = recordOf(state);
    if (typeof step !== "number") {
      throw new FileFormatError(`${source}: step is ${String(step)}, not a number`, { source });
    }
    if (step > 0 && stepsPerEpoch !== loader.length) {
      throw new ArgumentError(
        `fit: ${source} is in the middle of an epoch of ${String(stepsPerEpoch)} steps, but this loader has ` +
          `${loader.length}; use the dataset and batch size that the training began with`,
        { step, stepsPerEpoch, length: loader.length },
      );
    }
    this.#step = step;
    // The default generator has its state by now: a loader's is another one, or the same again.
    if (isGeneratorState(random) && loader.generator !== defaultGenerator) loader.generator?.setState(random);
    if (isRecord(sums)) this.#sums = MetricSums.of(sums);
    if (typeof lr === "number") this.#lr = lr;
    if (typeof seconds === "number") this.#seconds = seconds;
    this.#stopped = stopped === true;
    return recordOf(callbacks);
  }
}

/** The batches of an epoch from one on. */
async function* batchesFrom(loader: BatchSource, epoch: number, first: number): AsyncGenerator<Batch> {
  loader.epoch = epoch;
  const leavesOut = first > 0 && loader.batch === undefined;
  if (loader.batch !== undefined) loader.batch = first;
  let index = 0;
  for await (const batch of loader) if (!leavesOut || index++ >= first) yield batch;
}

/** Callbacks by the name under which their state is kept: that of their class, numbered where there are several. */
function named(callbacks: readonly Callback[]): [name: string, callback: Callback][] {
  const seen = new Map<string, number>();
  return callbacks.map((callback) => {
    const kind = callback.constructor.name;
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    return [count === 1 ? kind : `${kind} ${count}`, callback];
  });
}

function recordOf(value: CheckpointValue | undefined): Readonly<Record<string, CheckpointValue>> {
  return isRecord(value) ? value : {};
}

/** Whether an error is that with which the signal ended the training. */
function isReason(signal: AbortSignal | undefined, error: unknown): boolean {
  return signal?.aborted === true && error === signal.reason;
}
