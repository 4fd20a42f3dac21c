/**
 * `tatami profile [dataset]`: where the time of a training step goes. Nothing is kept but the trace that was asked for.
 */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Tensor } from "../index.ts";
import { currentEngine, type Engine, F, inspect, manualSeed, type Profile } from "../index.ts";
import { saveTraceFile } from "../node.ts";
import type { Model, TrainingOptimizer } from "../train/index.ts";
import { textTable } from "../train/index.ts";
import { buildModel, buildOptimizer } from "./build.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import { chooseSteadyEngine, type EngineChoice } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { Output } from "./output.ts";
import { type ChosenSettings, completeSettings, type TrainSettings } from "./settings.ts";
import { loadTrainingData } from "./training-data.ts";

/** The command's options. */
export interface ProfileOptions extends EngineChoice {
  readonly chosen: ChosenSettings;
  readonly source: SourceOptions;
  /** Steps that are measured, once undisturbed and once kernel by kernel. */
  readonly steps: number;
  /** Kernels in the table; the others are one row. Default 20, for programs all. */
  readonly top?: number | undefined;
  /** File that the timeline is written to. */
  readonly trace?: string | undefined;
}

type Batch = readonly [x: Tensor, y: Tensor];

/** Times of one step in milliseconds. */
interface StepTime {
  readonly ms: number;
  /** What the calling thread took to build the graph and find the program. */
  readonly hostMs: number;
}

/** What undisturbed steps took. */
interface Undisturbed {
  readonly first: StepTime & { readonly compileMs: number; readonly programs: number };
  /** Medians over the measured steps. */
  readonly step: StepTime;
  /** Of `hostMs`, on average: finding the program. */
  readonly lookupMs: number;
}

/** Steps after the first that are not measured, until both are reached or the time is up: the host's code gets quick. */
const warmUp = { fewest: 3, most: 50, ms: 2000 } as const;
/** Kernels in the table unless the user says otherwise. */
const shown = 20;

export async function profileCommand(options: ProfileOptions, output: Output): Promise<void> {
  if (options.trace !== undefined) await checkTarget(options.trace);
  const settings = completeSettings(options.chosen);
  const { engine, note } = chooseSteadyEngine(options);
  try {
    manualSeed(settings.seed);
    // Nothing is prepared ahead: that would be done during a step, and be measured with it.
    const data = await loadTrainingData(settings, options.source, 0);
    const model = buildModel(settings);
    const { optimizer } = buildOptimizer(model, settings, data.train.length);
    const batches = endless(data.train);
    const step = async (): Promise<StepTime> => trainStep(model, optimizer, (await batches.next()).value);
    if (engine.device.name === "native" && !output.json) {
      process.stderr.write(
        `Compiling a step of ${settings.model} to native code, which takes some seconds where it is not cached\n`,
      );
    }
    const undisturbed = await timeSteps(engine, options.steps, step);
    const profile = await engine.profile(async () => {
      for (let i = 0; i < options.steps; i++) await step();
    });
    if (note !== undefined) output.line(`${note}\n`);
    tell({ settings, options, undisturbed, profile }, output);
    if (options.trace === undefined) return;
    await saveTraceFile(profile, options.trace);
    output.event("trace", { file: options.trace });
    output.line(`\nTimeline in ${options.trace}; open it at https://ui.perfetto.dev or chrome://tracing`);
  } finally {
    await engine.close();
  }
}

/** Before minutes are spent on measuring. @throws UsageError where no file can be written. */
async function checkTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) {
    throw new UsageError(`--trace ${path} is a folder; give the name of a file, such as trace.json`);
  }
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true) {
    throw new UsageError(
      `--trace ${path}: there is no folder ${dirname(path)}; make it, or name another file`,
    );
  }
}

/** Batches of one epoch after the other. */
async function* endless(loader: AsyncIterable<Batch>): AsyncGenerator<Batch, never> {
  for (;;) yield* loader;
}

/** What `tatami train` does with a batch. */
async function trainStep(model: Model, optimizer: TrainingOptimizer, [x, y]: Batch): Promise<StepTime> {
  const { launchMs } = currentEngine().stats;
  const start = performance.now();
  optimizer.zeroGrad();
  const loss = F.crossEntropy(model(x), y);
  loss.backward();
  const done = optimizer.step();
  const hostMs = performance.now() - start - (currentEngine().stats.launchMs - launchMs);
  await done;
  await loss.item();
  return { ms: performance.now() - start, hostMs };
}

async function timeSteps(engine: Engine, steps: number, step: () => Promise<StepTime>): Promise<Undisturbed> {
  const before = engine.stats;
  const first = await step();
  const compiled = engine.stats;
  const end = performance.now() + warmUp.ms;
  for (let i = 0; i < warmUp.fewest || (i < warmUp.most && performance.now() < end); i++) await step();
  const warm = engine.stats;
  const times: StepTime[] = [];
  for (let i = 0; i < steps; i++) times.push(await step());
  return {
    first: {
      ...first,
      compileMs: compiled.compileMs - before.compileMs,
      programs: compiled.compilations - before.compilations,
    },
    step: { ms: median(times.map((t) => t.ms)), hostMs: median(times.map((t) => t.hostMs)) },
    lookupMs: (engine.stats.lookupMs - warm.lookupMs) / steps,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

interface Result {
  readonly settings: TrainSettings;
  readonly options: ProfileOptions;
  readonly undisturbed: Undisturbed;
  readonly profile: Profile;
}

function tell(result: Result, output: Output): void {
  const { options, undisturbed, profile } = result;
  const { steps, top = shown } = options;
  const table = inspect.profileTable(profile, { steps, top });
  tellPrograms(result, table, output);
  output.line(`${titleOf(result)}\n\n${table}\n`);
  const { first, step, lookupMs } = undisturbed;
  const { gflops, gigabytes } = profile.peak;
  const rows = [
    ["step", ms(step.ms), "without the profiler, median"],
    // The interpreter computes on the calling thread.
    ...(profile.device === "interpreter"
      ? []
      : [["graph", ms(step.hostMs), `of it: build, and find the program (${ms(lookupMs)})`]]),
    ["kernels", ms(table.kernelMs), "one after another; without the profiler some run side by side"],
    ["runs", ms(table.runMs), "of programs with the profiler: kernels, and threads that wait for a core"],
    [
      "first step",
      ms(first.ms),
      `of it ${ms(first.compileMs)} to compile ${counted(first.programs, "program")}`,
    ],
    ["arena", `${(profile.arenaBytes / 1e6).toFixed(2)} MB`, "of intermediate values"],
    [
      "machine",
      `${gflops.toFixed(1)} GFLOP/s`,
      `and ${gigabytes.toFixed(1)} GB/s at best, measured just now`,
    ],
  ];
  for (const line of textTable(rows)) output.line(line);
  const seen = table.kernels.slice(0, top);
  const notes = [
    seen.some((k) => k.ofBandwidth > 1) && "More than 100% of the memory's GB/s: a cache held the data.",
    seen.some((k) => k.ofPeak > 1) &&
      "More than 100% of the machine's GFLOP/s: it was slower when these were measured, as with other work beside.",
  ].filter((note) => note !== false);
  if (notes.length > 0) output.line(`\n${notes.join("\n")}`);
}

function titleOf({ settings, options, profile }: Result): string {
  const { model, dataset, batchSize, optimizer } = settings;
  const { device, threads } = profile;
  return (
    `A step of ${model} on ${datasets[dataset].title}, batches of ${batchSize}, ${optimizer}: median of ` +
    `${options.steps}; ${device} engine, ${counted(threads, "thread")}`
  );
}

function tellPrograms(
  { settings, options, undisturbed, profile }: Result,
  { kernels, kernelMs, runMs }: inspect.ProfileTable,
  output: Output,
): void {
  const { dataset, model, batchSize, optimizer } = settings;
  const { first, step, lookupMs } = undisturbed;
  for (const kernel of kernels.slice(0, options.top)) output.event("kernel", { ...kernel });
  output.event("profile", {
    dataset,
    model,
    batchSize,
    optimizer,
    engine: profile.device,
    threads: profile.threads,
    steps: options.steps,
    stepMs: step.ms,
    graphMs: step.hostMs,
    lookupMs,
    kernelMs,
    runMs,
    firstStepMs: first.ms,
    compileMs: first.compileMs,
    programs: first.programs,
    arenaBytes: profile.arenaBytes,
    peak: profile.peak,
  });
}

const ms = (time: number): string => `${time.toFixed(2)} ms`;
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
