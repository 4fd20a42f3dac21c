/**
 * `tatami train`: trains a model and keeps everything about it in the folder of a run.
 *
 * Nothing is written until data and model are there, so wrong settings and damaged files leave no trace. From then
 * on run.json says how it went: done, failed (with the reason), or interrupted.
 */
import { join } from "node:path";
import { type Engine, F, FileFormatError, io, manualSeed } from "../index.ts";
import {
  CheckpointFolder,
  currentStatus,
  type LoadedCheckpoint,
  RunDirectory,
  RunRecorder,
  readRun,
} from "../node.ts";
import {
  accuracy,
  type Callback,
  Checkpoint,
  evaluate,
  fit,
  formatDuration,
  Progress,
  RunLogger,
  TensorBoardLogger,
  TerminateOnNaN,
  type TrainingOptimizer,
  type TrainingScheduler,
} from "../train/index.ts";
import { type BuiltModel, buildModel, buildOptimizer } from "./build.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import { exitCodes, messageOf, UsageError } from "./errors.ts";
import { type Output, percent } from "./output.ts";
import { packageVersion } from "./package-version.ts";
import { findRun } from "./runs.ts";
import { type ChosenSettings, completeSettings, settingsOf, type TrainSettings } from "./settings.ts";
import { watchSignals } from "./signals.ts";
import { openBrowser, StudioBeside } from "./studio-beside.ts";
import { suggestions, trainCommand } from "./suggest.ts";
import { loadTrainingData, type TrainingData } from "./training-data.ts";

/** The command's options. */
export interface TrainOptions extends EngineChoice {
  readonly chosen: ChosenSettings;
  readonly source: SourceOptions;
  /** Folder of all runs. */
  readonly out: string;
  /** The run to go on with; its settings hold then. */
  readonly resume?: string | undefined;
  /** Steps between two checkpoints within an epoch. Default: there is one after each epoch, or what the resumed run had. */
  readonly checkpointEvery?: number | undefined;
  /** True and false as the user says: recorded and shown in the browser, or neither. Default: recorded, and served on a terminal. */
  readonly studio?: boolean | undefined;
}

/** Everything that a training consists of. */
interface Session {
  readonly settings: TrainSettings;
  readonly engine: Engine;
  readonly data: TrainingData;
  readonly model: BuiltModel;
  readonly optimizer: TrainingOptimizer;
  readonly scheduler: TrainingScheduler;
  readonly run: RunDirectory;
  /** Where it goes on. */
  readonly checkpoint: LoadedCheckpoint | undefined;
  readonly checkpointEvery: number | undefined;
  readonly records: boolean;
}

/** @returns The exit code. */
export async function train(options: TrainOptions, output: Output): Promise<number> {
  // Started first: it is ready when the data is.
  const studio = openStudio(options);
  try {
    const code = await trainBeside(studio, options, output);
    // Who asked for the studio wants to look at what came of it.
    if (options.studio === true && code === exitCodes.done && process.stdin.isTTY) {
      process.stderr.write("The studio stays open; Ctrl-C ends it.\n");
      await studio?.stay();
    }
    return code;
  } finally {
    studio?.close();
  }
}

function openStudio({ studio, out, source }: TrainOptions): StudioBeside | null {
  if (!(studio ?? process.stderr.isTTY === true)) return null;
  return new StudioBeside(out, String(source.root));
}

/** Says where the studio is, and opens it where the user asked for it. */
async function announceStudio(studio: StudioBeside, asked: boolean, output: Output): Promise<void> {
  const url = await studio.url;
  if (url === null) {
    process.stderr.write("note: the studio could not be started; the run is recorded all the same\n");
    return;
  }
  output.event("studio", { url });
  process.stderr.write(`Studio: ${url}\n`);
  if (asked) openBrowser(url);
}

async function trainBeside(
  studio: StudioBeside | null,
  options: TrainOptions,
  output: Output,
): Promise<number> {
  const session = await prepare(options);
  const { run } = session;
  const start = performance.now();
  announce(session, output);
  if (studio !== null) await announceStudio(studio, options.studio === true, output);
  const interruption = watchSignals();
  try {
    const test = await learn(session, output, interruption.signal);
    const result = { ...test, seconds: (performance.now() - start) / 1000 };
    await run.finish("done", { result });
    tellResult(session, result, output);
    return exitCodes.done;
  } catch (error) {
    // Another error than the signal's own: the state could not be saved, say.
    if (error !== interruption.signal.reason) {
      await run.finish("failed", { error });
      throw error;
    }
    await endInterrupted(session, output);
    return interruption.exitCode;
  } finally {
    interruption.stop();
  }
}

async function prepare(options: TrainOptions): Promise<Session> {
  const path = options.resume === undefined ? undefined : await findRun(options.resume, options.out);
  const stored = path === undefined ? undefined : await storedSettings(path, options.chosen);
  const settings = stored?.settings ?? completeSettings(options.chosen);
  const checkpointEvery = options.checkpointEvery ?? stored?.checkpointEvery;
  const engine = chooseEngine(options);
  manualSeed(settings.seed);
  const data = await loadTrainingData(settings, options.source);
  const model = buildModel(settings);
  const parts = { model, ...buildOptimizer(model, settings, data.train.length) };
  const common = { settings, engine, data, ...parts, checkpointEvery, records: options.studio !== false };
  if (path === undefined) {
    const run = await createRun(settings, checkpointEvery, options.out);
    return { ...common, run, checkpoint: undefined };
  }
  const checkpoint = await latestCheckpoint(path);
  return { ...common, run: await RunDirectory.resume(path, checkpoint), checkpoint };
}

/** @throws FileFormatError where there is none that is whole. */
async function latestCheckpoint(path: string): Promise<LoadedCheckpoint> {
  const found = await new CheckpointFolder(join(path, "checkpoints")).load();
  if (found === undefined) {
    throw new FileFormatError(`${path}: it ended before its first checkpoint; start a new run`, { path });
  }
  if (found.warning !== undefined) process.stderr.write(`note: ${found.warning}\n`);
  return found;
}

/**
 * The settings of a run that is gone on with.
 *
 * @throws UsageError when others are given, it is done, or another process is at it.
 */
async function storedSettings(
  path: string,
  chosen: ChosenSettings,
): Promise<{ settings: TrainSettings; checkpointEvery: number | undefined }> {
  const given = Object.entries(chosen).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 0) {
    throw new UsageError(`--resume goes on with the run's own settings; leave out: ${given.join(", ")}`);
  }
  const { info } = await readRun(path);
  if (info.status === "done") {
    throw new UsageError(
      `${path} is done already, there is nothing to resume; start a new run without --resume`,
    );
  }
  if ((await currentStatus(path, info)) === "running") {
    throw new UsageError(`${path} is being trained by another process; stop that one before you resume`);
  }
  const { checkpointEvery: every } = info.settings;
  return { settings: settingsOf(info, path), checkpointEvery: typeof every === "number" ? every : undefined };
}

function createRun(
  settings: TrainSettings,
  checkpointEvery: number | undefined,
  out: string,
): Promise<RunDirectory> {
  return RunDirectory.create(out, {
    name: `${settings.dataset}-${settings.model}`,
    seed: settings.seed,
    settings: { ...settings, ...(checkpointEvery === undefined ? {} : { checkpointEvery }) },
    versions: { tatami: packageVersion(), node: process.versions.node },
  });
}

interface TestResult {
  readonly testLoss: number;
  readonly testAccuracy: number;
}

async function learn(session: Session, output: Output, signal: AbortSignal): Promise<TestResult> {
  const { settings, data, model, optimizer, scheduler, run, checkpoint } = session;
  const measured = { loss: F.crossEntropy, metrics: { accuracy }, signal };
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  await fit(model, {
    ...measured,
    loader: data.train,
    validation: data.validation,
    optimizer,
    scheduler,
    schedulerInterval: "step",
    epochs: settings.epochs,
    resume: checkpoint?.state,
    callbacks: [
      ...recorders(session),
      new TerminateOnNaN(),
      output.json ? epochEvents(output) : new Progress(),
      new Checkpoint(run, { everyNTrainSteps: session.checkpointEvery }),
      new RunLogger(run),
    ],
  });
  const test = await evaluate(model, { ...measured, loader: data.test });
  return { testLoss: test.loss, testAccuracy: test.accuracy ?? 0 };
}

/** First, since whatever ends the training is to be recorded too. */
function recorders({ run, data, records, checkpoint }: Session): readonly Callback[] {
  if (!records) return [];
  const onError = (error: unknown): void => {
    process.stderr.write(`note: the recording for the studio has ended: ${messageOf(error)}\n`);
  };
  // What a run that is gone on with has written of later epochs is not shown.
  const events = new io.SummaryWriter({
    logDir: run.path,
    ...(checkpoint === undefined ? {} : { purgeStep: checkpoint.epoch + 1 }),
  });
  return [new RunRecorder(run.path, { classes: data.classes, onError }), new TensorBoardLogger(events)];
}

/** `fit` has saved the state where it stopped; after it, in the test of the whole, that of the last epoch is there. */
async function endInterrupted({ run, data, checkpoint }: Session, output: Output): Promise<void> {
  await run.finish("interrupted");
  const { epoch = 0, step = 0 } = run.checkpoints.saved ?? checkpoint ?? {};
  output.event("interrupted", { run: run.path, epoch, step });
  const within = step > 0 ? ` and ${step} of ${data.train.length} steps` : "";
  process.stderr.write(
    `Interrupted after ${epoch} epoch${epoch === 1 ? "" : "s"}${within}. Everything is saved in ${run.path}\n` +
      `Go on with: ${trainCommand(`--resume ${run.path}`)}\n`,
  );
}

function announce({ settings, engine, data, model, run, checkpoint }: Session, output: Output): void {
  const parameters = model.parameters().reduce((sum, p) => sum + p.numel(), 0);
  const { name, threads } = engine.device;
  const { epoch: startEpoch = 0, step: startStep = 0 } = checkpoint ?? {};
  const from = { startEpoch, startStep };
  output.event("start", { ...settings, parameters, run: run.path, ...from, engine: name, threads });
  const within = startStep > 0 ? ` and ${startStep} of ${data.train.length} steps` : "";
  const done = checkpoint === undefined ? "" : ` (${startEpoch}${within} done)`;
  output.line(
    `Training ${settings.model} (${grouped(parameters)} parameters) on ${datasets[settings.dataset].title}: ` +
      `${grouped(data.train.dataset.length)} images, ${settings.epochs} epoch${settings.epochs === 1 ? "" : "s"}${done}; ${name} engine, ` +
      `${threads} thread${threads === 1 ? "" : "s"}`,
  );
}

function tellResult(
  { settings, engine, data, run }: Session,
  result: TestResult & { readonly seconds: number },
  output: Output,
): void {
  const { name, threads } = engine.device;
  output.event("done", { ...result, run: run.path, engine: name, threads });
  output.line();
  output.line(
    `Test accuracy ${percent(result.testAccuracy)} on ${grouped(data.test.dataset.length)} held-out images ` +
      `(loss ${result.testLoss.toFixed(4)}), after ${formatDuration(result.seconds)}`,
  );
  output.line(`Saved in ${run.path}`);
  output.line();
  output.line("Try next:");
  for (const text of suggestions(settings)) output.line(`  ${text}`);
}

function epochEvents(output: Output): Callback {
  return {
    onEpochEnd: ({ epoch, train: { loss, accuracy }, validation, samples, seconds, lr }) => {
      output.event("epoch", {
        epoch,
        loss,
        accuracy,
        validationLoss: validation?.loss,
        validationAccuracy: validation?.accuracy,
        imagesPerSecond: samples / seconds,
        seconds,
        lr,
      });
    },
  };
}

const grouped = (count: number): string => count.toLocaleString("en-US");
