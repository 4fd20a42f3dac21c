/**
 * Records a training in the folder of its run, for the studio: every step, the layers every few steps, the weights now
 * and then, and what was got wrong in each epoch's validation. Node only.
 *
 *     recording.json   how long the training is, names of the classes
 *     steps.ndjson     a line per step
 *     layers.json, layers.bin   statistics of activations, gradients and updates
 *     snapshots/       weights, 16-bit floats, less than 100 MB
 *     errors.json      confusion matrix and largest losses of the latest validation
 *
 * Steps and layers are on the disk a quarter of a second later, and at the end of each epoch: a process that is killed loses
 * no more. A recording that fails (a full disk) says so once and ends; the training goes on.
 */
import { join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import { checkOptions } from "../../base/options.ts";
import { saveSafetensors } from "../../io/tensor-dict.ts";
import { Module } from "../../nn/index.ts";
import { Optimizer } from "../../optim/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Callback, EpochResult, StepPlace, StepResult, TrainingContext } from "../contract.ts";
import { AppendFile } from "./append-file.ts";
import { cutErrors, ErrorCollector, errorsFile } from "./epoch-errors.ts";
import { cutLayers, encodeRecord, type LayerSeries, layersFile, layersHeaderFile } from "./layer-log.ts";
import { LayerRecorder } from "./layer-recorder.ts";
import { isRecorded } from "./recorded-steps.ts";
import { type RecordingInfo, recordingFile } from "./recording.ts";
import { plannedSnapshots, SnapshotStore } from "./snapshots.ts";
import { cutSteps, type StepRow, stepLines, stepsFile } from "./step-log.ts";

/** What to record. */
export interface RunRecorderOptions {
  /** Every how many steps to record the layers. Default: 200, and more in a long training, so that there are some
   * 2000. At the beginning, when much changes, records are closer: the first 16 steps have one each. */
  readonly every?: number;
  /** Bins of the histograms. Default 40. */
  readonly bins?: number;
  /** Bytes that all snapshots of the weights may take together. Default 95 million. */
  readonly snapshotBytes?: number;
  /** Names of the classes. Default: none. */
  readonly classes?: readonly string[];
  /** Told once of an error that ended the recording. Default: nothing. */
  readonly onError?: (error: unknown) => void;
}

/**
 * A recorded step takes three times as long in a small network, with what it delays beside it: every two hundredth costs 1%.
 * At the beginning there are more, so that a training of 1000 steps has 63, one of 5000 has 85. The number is fixed
 * rather than measured: recorded steps are other programs, so which steps they are decides on the last bits of the result.
 */
const leastEvery = 200;
/** Records of the layers that a long training has. */
const layerRecords = 2000;

/** What there is while a training runs. */
interface Session {
  readonly context: TrainingContext;
  readonly every: number;
  readonly steps: AppendFile<StepRow>;
  readonly layers: AppendFile<Uint8Array>;
  readonly recorder: LayerRecorder | null;
  readonly planned: ReadonlySet<number>;
  /** Of performance.now(), so that the seconds of a resumption follow those before it. */
  readonly start: number;
}

/**
 * Records a training for the studio. It comes first among the callbacks, so that it sees a step that another one ends the
 * training for.
 *
 * @example
 * const run = await RunDirectory.create("recorded", { name: "lenet5", seed: 0 });
 * const callbacks = [new RunRecorder(run.path), new train.RunLogger(run)];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
 * await run.finish("done");
 */
export class RunRecorder implements Callback {
  readonly #folder: string;
  readonly #options: RunRecorderOptions;
  readonly #bins: number;
  readonly #errors = new ErrorCollector();
  readonly #snapshots: SnapshotStore;
  #session: Session | null = null;
  #series = new Map<string, LayerSeries>();
  #headerKnown = 0;
  #step = 0;
  #latestSnapshot = -1;
  #background: Promise<void> = Promise.resolve();
  #failed = false;

  /**
   * @param folder Folder of the run; it exists.
   * @throws ArgumentError for options out of range.
   */
  constructor(folder: string, options: RunRecorderOptions = {}) {
    checkOptions(options, ["every", "bins", "snapshotBytes", "classes", "onError"], "RunRecorder");
    const { every, bins = 40, snapshotBytes = 95e6 } = options;
    for (const [name, value] of Object.entries({ every, bins, snapshotBytes })) {
      if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
      const message = `RunRecorder: ${name} must be an integer of 1 or more; got ${value}`;
      throw new ArgumentError(message, { [name]: value });
    }
    this.#folder = folder;
    this.#options = options;
    this.#bins = bins;
    this.#snapshots = new SnapshotStore(folder, snapshotBytes);
  }

  async onTrainBegin(context: TrainingContext): Promise<void> {
    const { epochs, stepsPerEpoch, startEpoch, startStep, model, optimizer } = context;
    const total = epochs * stepsPerEpoch;
    const every = this.#options.every ?? Math.max(leastEvery, Math.ceil(total / layerRecords));
    await this.#attempt(async () => {
      const done = startEpoch * stepsPerEpoch + startStep;
      const last = await cutSteps(join(this.#folder, stepsFile), done);
      const header = await cutLayers(this.#folder, done);
      await this.#snapshots.cut(done);
      await cutErrors(this.#folder, startEpoch);
      this.#adopt(header?.bins === this.#bins ? header.series : []);
      const { classes = [] } = this.#options;
      const info: RecordingInfo = { version: 1, epochs, stepsPerEpoch, every, classes };
      await writeFileAtomic(join(this.#folder, recordingFile), `${JSON.stringify(info)}\n`);
      const file = <T>(name: string, encode: (added: readonly T[]) => Uint8Array): AppendFile<T> =>
        new AppendFile(join(this.#folder, name), encode, (error) => this.#fail(error));
      const watched = optimizer instanceof Optimizer ? optimizer : null;
      this.#session = {
        context,
        every,
        steps: file<StepRow>(stepsFile, (rows) => Buffer.from(stepLines(rows))),
        layers: file<Uint8Array>(layersFile, (records) => Buffer.concat(records)),
        recorder: model instanceof Module ? new LayerRecorder(model, watched, this.#bins) : null,
        planned: plannedSnapshots(total, this.#room(weightBytes(context))),
        start: performance.now() - (last?.seconds ?? 0) * 1000,
      };
      this.#step = done;
    });
    if (startEpoch === 0 && startStep === 0) await this.#snapshot();
  }

  /** Only steps with a snapshot are waited for. */
  onStepBegin({ epoch, step }: StepPlace, { stepsPerEpoch }: TrainingContext): boolean {
    const session = this.#session;
    if (session === null) return false;
    const number = (epoch - 1) * stepsPerEpoch + step;
    // The step before is under way.
    session.recorder?.end();
    if (isRecorded(number, session.every)) session.recorder?.begin();
    return session.planned.has(number);
  }

  /** Keeps the step, and what the layers did in it where that is to be kept. */
  async onLoss(
    { epoch, step, loss, lr, samples }: StepResult,
    { stepsPerEpoch }: TrainingContext,
  ): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    this.#step = (epoch - 1) * stepsPerEpoch + step;
    const seconds = (performance.now() - session.start) / 1000;
    session.steps.add({ step: this.#step, epoch, loss, lr, seconds, samples });
    // Counted over the whole training: a resumed one records the same steps, and so computes the same bits.
    if (isRecorded(this.#step, session.every)) await this.#attempt(() => this.#recordLayers(session));
  }

  /** Keeps the weights after a step. */
  async onStepEnd(): Promise<void> {
    if (this.#session?.planned.has(this.#step) === true) await this.#snapshot();
  }

  onValidationBatch(output: Tensor, target: Tensor): void {
    if (this.#session !== null) this.#errors.add(output, target);
  }

  async onEpochEnd({ epoch }: EpochResult): Promise<void> {
    if (this.#session === null) return;
    // Before anybody tells of the epoch, so that its steps are there whatever happens next.
    await Promise.all([this.#session.steps.flush(), this.#session.layers.flush()]);
    await this.#attempt(async () => {
      const errors = await this.#errors.read(epoch);
      if (errors === null) return;
      this.#inBackground(() =>
        writeFileAtomic(join(this.#folder, errorsFile), `${JSON.stringify(errors)}\n`),
      );
    });
  }

  /** Remembers nothing: a resumption reads from the files what was recorded, so it has to be there. */
  async stateDict(): Promise<null> {
    const session = this.#session;
    if (session !== null) await Promise.all([session.steps.sync(), session.layers.sync(), this.#background]);
    return null;
  }

  async onTrainEnd(): Promise<void> {
    const session = this.#session;
    // A recording that has failed may be closing its files.
    if (session === null) return this.#background;
    session.recorder?.end();
    if (this.#latestSnapshot !== this.#step) await this.#snapshot();
    this.#session = null;
    this.#errors.clear();
    await Promise.all([session.steps.close(), session.layers.close(), this.#background]);
  }

  async #recordLayers({ recorder, layers }: Session): Promise<void> {
    const found = (await recorder?.read()) ?? [];
    if (found.length === 0) return;
    for (const { series } of found) {
      if (!this.#series.has(keyOf(series))) this.#series.set(keyOf(series), series);
    }
    const numbers = new Map(found.map((one) => [keyOf(one.series), one.numbers]));
    const header = { version: 1, bins: this.#bins, series: [...this.#series.values()] } as const;
    if (header.series.length > this.#headerKnown) {
      // Before the record, so that readers know what it consists of.
      await writeFileAtomic(join(this.#folder, layersHeaderFile), `${JSON.stringify(header)}\n`);
      this.#headerKnown = header.series.length;
    }
    const values = [...this.#series.keys()].map((key) => numbers.get(key) ?? null);
    layers.add(encodeRecord(header, this.#step, values));
  }

  #adopt(series: readonly LayerSeries[]): void {
    this.#series = new Map(series.map((one) => [keyOf(one), one]));
    this.#headerKnown = series.length;
  }

  async #snapshot(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    const step = this.#step;
    this.#latestSnapshot = step;
    await this.#attempt(async () => {
      // Read now, since the next step changes the weights; the disk may take its time.
      const bytes = await saveSafetensors(session.context.model.stateDict(), { half: true });
      this.#inBackground(() => this.#snapshots.write(step, bytes));
    });
  }

  /** How many snapshots of so many bytes there is room for. */
  #room(bytes: number): number {
    return (this.#options.snapshotBytes ?? 95e6) / Math.max(1, bytes);
  }

  #inBackground(work: () => Promise<void>): void {
    this.#background = this.#background.then(() => this.#attempt(work));
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#failed) return;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failed) this.#options.onError?.(error);
    this.#failed = true;
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    session.recorder?.end();
    // Not waited for here: a file may have failed in the middle of a write, for which its closing waits.
    const closed = Promise.all([session.steps.close(), session.layers.close()]);
    this.#background = this.#background.then(async () => void (await closed));
  }
}

const keyOf = ({ kind, layer, parameter }: LayerSeries): string => `${kind} ${parameter ?? layer}`;

/** Size of a snapshot: 2 bytes for a number, and what its description takes. */
function weightBytes({ model }: TrainingContext): number {
  const tensors = Object.values(model.stateDict());
  return tensors.reduce((sum, tensor) => sum + 2 * tensor.numel() + 120, 1000);
}
