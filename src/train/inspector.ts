/**
 * Watches what happens inside the network while it trains, and says when something is wrong.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import {
  ActivationStats,
  diagnose,
  GradientStats,
  type Language,
  type LayerHistory,
  type LayerRecordsState,
  type Observations,
  type UpdateHistory,
  type UpdateRatios,
  type UpdateRatiosState,
  updateRatios,
  type Verdict,
} from "../inspect/index.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import { Module } from "../nn/index.ts";
import { Optimizer } from "../optim/index.ts";
import type { Callback, EpochResult, StepResult, TrainingContext } from "./contract.ts";

/** What was recorded in one epoch. */
export interface InspectionRecord {
  /** Counts from 1. */
  readonly epoch: number;
  readonly activations: readonly LayerHistory[];
  readonly gradients: readonly LayerHistory[];
  readonly updateRatios: readonly UpdateHistory[];
  readonly verdicts: readonly Verdict[];
}

/** Takes what was recorded, epoch by epoch; an `InspectionFile` of `tatamijs/node` does. */
export interface InspectionTarget {
  append(record: InspectionRecord): Promise<void>;
}

/** Options of {@link Inspector}. */
export interface InspectorOptions {
  /** Every how many steps to record. Default 10; a recorded step takes 2 to 14% longer (`npm run bench -- --only stats`). */
  readonly every?: number;
  /** Which modules to watch. Default: those without children. */
  readonly layers?: (name: string, module: Module) => boolean;
  /** Bins of the histograms. Default 40. */
  readonly bins?: number;
  /** Number of classes of a classification by cross entropy, for the rules that compare the loss with guessing. */
  readonly classes?: number;
  /** Language of the verdicts. Default "en". */
  readonly lang?: Language;
  /** Where each epoch's records go, besides `records`. Default: nowhere. */
  readonly target?: InspectionTarget;
  /** Epochs whose records are kept in memory, the newest. Default: all. */
  readonly keep?: number;
  /** Called at the end of an epoch with each verdict that the epoch before did not give. Default: nothing. */
  readonly onVerdict?: (verdict: Verdict, epoch: number) => void;
}

const optionNames = ["every", "layers", "bins", "classes", "lang", "target", "keep", "onVerdict"];

/** A recorder of each kind, while a training runs. */
interface Recorders {
  readonly activations: ActivationStats;
  readonly gradients: GradientStats;
  readonly updates: UpdateRatios | null;
}

/**
 * Records statistics of activations and gradients and the sizes of updates (the latter where the optimizer is one of
 * the library's), and looks for what commonly goes wrong at the end of each epoch; see `inspect.diagnose`.
 *
 * @example
 * const inspector = new train.Inspector({ every: 1, classes: 10, onVerdict: (v) => console.log(v.message, v.cure) });
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks: [inspector] });
 * inspector.records.length; // 1
 */
export class Inspector implements Callback {
  /** What each epoch gave, oldest first. */
  readonly records: InspectionRecord[] = [];
  readonly #options: InspectorOptions;
  #recorders: Recorders | null = null;
  #losses: number[] = [];
  #epochs: EpochResult[] = [];
  #told: ReadonlySet<string> = new Set();

  /** @throws ArgumentError for options out of range. */
  constructor(options: InspectorOptions = {}) {
    checkOptions(options, optionNames, "Inspector");
    const { every, keep } = options;
    for (const [name, value] of Object.entries({ every, keep })) {
      if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
      throw new ArgumentError(`Inspector: ${name} must be an integer of 1 or more; got ${value}`, {
        [name]: value,
      });
    }
    this.#options = options;
  }

  onTrainBegin({ model, optimizer }: TrainingContext): void {
    if (!(model instanceof Module)) {
      throw new ArgumentError("Inspector: the model is no nn.Module, so it has no layers to watch");
    }
    const { every = 10, layers, bins } = this.#options;
    const options = {
      every,
      ...(layers === undefined ? {} : { layers }),
      ...(bins === undefined ? {} : { bins }),
    };
    this.#remove();
    this.#recorders = {
      activations: new ActivationStats(model, options),
      gradients: new GradientStats(model, options),
      updates: optimizer instanceof Optimizer ? updateRatios(model, optimizer, { every }) : null,
    };
    [this.#losses, this.#epochs, this.#told] = [[], [], new Set()];
  }

  onLoss({ loss }: StepResult): void {
    this.#losses.push(loss);
  }

  async onEpochEnd(result: EpochResult): Promise<void> {
    if (this.#recorders === null) return;
    const { activations, gradients, updates } = this.#recorders;
    const recorded = {
      activations: await activations.history(),
      gradients: await gradients.history(),
      updateRatios: (await updates?.history()) ?? [],
    };
    // The next epoch's records are of the next epoch only.
    for (const recorder of [activations, gradients, updates]) recorder?.clear();
    this.#epochs.push(result);
    const { classes, lang = "en", target, keep, onVerdict } = this.#options;
    const data: Observations = {
      ...recorded,
      losses: this.#losses,
      epochs: this.#epochs,
      ...(classes === undefined ? {} : { classes }),
    };
    const verdicts = diagnose(data, { lang });
    const record = { epoch: result.epoch, ...recorded, verdicts };
    this.records.push(record);
    if (keep !== undefined && this.records.length > keep) this.records.shift();
    await target?.append(record);
    for (const v of verdicts) if (!this.#told.has(keyOf(v))) onVerdict?.(v, result.epoch);
    this.#told = new Set(verdicts.map(keyOf));
  }

  onTrainEnd(): void {
    this.#remove();
  }

  /** Losses, epochs and verdicts so far, and what was recorded since the epoch began, for a training that is resumed. */
  async stateDict(): Promise<CheckpointValue> {
    const { activations, gradients, updates } = this.#recorders ?? {};
    return {
      losses: [...this.#losses],
      epochs: this.#epochs.map((result) => ({ ...result })),
      told: [...this.#told],
      activations: (await activations?.stateDict()) ?? null,
      gradients: (await gradients?.stateDict()) ?? null,
      updates: (await updates?.stateDict()) ?? null,
    };
  }

  async loadStateDict(state: CheckpointValue): Promise<void> {
    // What `stateDict` gave, and so of this form.
    const { losses, epochs, told, activations, gradients, updates } = state as unknown as {
      readonly losses: readonly number[];
      readonly epochs: readonly EpochResult[];
      readonly told: readonly string[];
      readonly activations: LayerRecordsState | null;
      readonly gradients: LayerRecordsState | null;
      readonly updates: UpdateRatiosState | null;
    };
    [this.#losses, this.#epochs, this.#told] = [[...losses], [...epochs], new Set(told)];
    const recorders = this.#recorders;
    if (activations !== null) await recorders?.activations.loadStateDict(activations);
    if (gradients !== null) await recorders?.gradients.loadStateDict(gradients);
    if (updates !== null) await recorders?.updates?.loadStateDict(updates);
  }

  #remove(): void {
    if (this.#recorders === null) return;
    const { activations, gradients, updates } = this.#recorders;
    for (const recorder of [activations, gradients, updates]) recorder?.remove();
    this.#recorders = null;
  }
}

const keyOf = (verdict: Verdict): string => `${verdict.rule} ${verdict.layer ?? ""}`;
