/**
 * `node watched-training.js ENGINE THREADS NETWORK ROUNDS FOLDER`: one training that is recorded and watched for a second or
 * two, and then not, in turns. It is one and the same, since two of the same network differ by up to a tenth, each time, by
 * where their tensors lie in memory. The processes that watch (the studio's server, and who looks at its page) stand still in
 * the other turns: what they have left to do is done while they watch. Writes milliseconds as JSON.
 */
import { createEngine, F, fromOwned, manualSeed, optim, useEngine } from "../src/index.ts";
import { RunDirectory, RunRecorder } from "../src/node.ts";
import {
  type BatchSource,
  type Callback,
  type EpochResult,
  fit,
  type StepPlace,
  type StepResult,
  type TrainingContext,
} from "../src/train/index.ts";
import { goalBatch } from "./goals.ts";
import { buildModel } from "./model.ts";
import { imagesOf, labelsOf, type Network, networks } from "./networks.ts";
import { pause } from "./timing.ts";

const [engine, threads, id, rounds, folder = ""] = process.argv.slice(2);
useEngine(createEngine({ engine: engine === "native" ? "native" : "wasm", threads: Number(threads) }));
const network = networks.find((n) => n.id === id) as Network | undefined;
if (network === undefined) throw new Error(`watched-training: no network ${id}`);

/** Of the beginning, in which records are closer together. */
const firstSteps = 600;
/** In the long run there is one record of the layers in so many steps. */
const recordSteps = 200;
/** A turn is an epoch that takes about so long. */
const turnMs = 1000;
/** A round has so much time with the studio, and as much without it: a page asks for strips once in it. */
const roundMs = 4000;

const { data, shape } = imagesOf(network, goalBatch);
const loaderOf = (length: number): BatchSource => ({
  length,
  epoch: 0,
  async *[Symbol.asyncIterator]() {
    for (let i = 0; i < length; i++) {
      yield [fromOwned(data, shape), fromOwned(labelsOf(goalBatch, i), [goalBatch])];
    }
  },
});

/** Holds a training, and lets it do one epoch; after its last one it ends. */
class Gate implements Callback {
  #start = 0;
  #isHeld = true;
  #release: () => void = () => {};
  #done: (ms: number) => void = () => {};
  #steps = 0;
  #epochsMs = 0;
  /** Milliseconds of the first steps. */
  firstMs = Number.NaN;

  /** @returns Milliseconds that the epoch took. */
  go(): Promise<number> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#start = performance.now();
      this.#isHeld = false;
      this.#release();
    });
  }

  hold(): Promise<void> {
    if (!this.#isHeld) return Promise.resolve();
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  onLoss(): void {
    this.#steps++;
    if (this.#steps === firstSteps) this.firstMs = this.#epochsMs + performance.now() - this.#start;
  }

  async onEpochEnd({ epoch }: EpochResult, { epochs }: TrainingContext): Promise<void> {
    this.#isHeld = epoch < epochs;
    const ms = performance.now() - this.#start;
    this.#epochsMs += ms;
    this.#done(ms);
    await this.hold();
  }
}

/** Hands on to another callback, or not. */
class Switched implements Callback {
  isOn = true;
  readonly #inner: Callback;

  constructor(inner: Callback) {
    this.#inner = inner;
  }

  onTrainBegin(context: TrainingContext): void | Promise<void> {
    return this.#inner.onTrainBegin?.(context);
  }

  onEpochBegin(epoch: number, context: TrainingContext): void | Promise<void> {
    if (this.isOn) return this.#inner.onEpochBegin?.(epoch, context);
  }

  onStepBegin(place: StepPlace, context: TrainingContext): boolean {
    return this.isOn && (this.#inner.onStepBegin?.(place, context) ?? true);
  }

  onLoss(result: StepResult, context: TrainingContext): void | Promise<void> {
    if (this.isOn) return this.#inner.onLoss?.(result, context);
  }

  onStepEnd(result: StepResult, context: TrainingContext): void | Promise<void> {
    return this.#inner.onStepEnd?.(result, context);
  }

  onEpochEnd(result: EpochResult, context: TrainingContext): void | Promise<void> {
    if (this.isOn) return this.#inner.onEpochEnd?.(result, context);
  }

  onTrainEnd(context: TrainingContext): void | Promise<void> {
    return this.#inner.onTrainEnd?.(context);
  }
}

/** A training that waits at its gate. */
interface Held {
  readonly gate: Gate;
  readonly ended: Promise<unknown>;
}

/** @param recorders Their work belongs to the training: the clock starts before them and stops behind them. */
function train(network: Network, loader: BatchSource, epochs: number, recorders: readonly Callback[]): Held {
  const gate = new Gate();
  const callbacks: readonly Callback[] = [{ onTrainBegin: () => gate.hold() }, ...recorders, gate];
  manualSeed(0);
  const model = buildModel(network);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  return { gate, ended: fit(model, { loader, loss: F.crossEntropy, optimizer, epochs, callbacks }) };
}

const run = await RunDirectory.create(folder, { name: "watched", seed: 0 });
const watchers = await new Promise<readonly number[]>((resolve) => {
  process.once("message", (pids) => resolve(pids as number[]));
  process.send?.({ id: run.info.id });
});
const recorder = new Switched(new RunRecorder(run.path));

function letWatch(isOn: boolean): void {
  for (const pid of watchers) process.kill(pid, isOn ? "SIGCONT" : "SIGSTOP");
}

/** A turn, with those who watch or without them. */
async function turn({ gate }: Held, isWatched: boolean): Promise<number> {
  await pause();
  recorder.isOn = isWatched;
  if (isWatched) letWatch(true);
  const ms = await gate.go();
  if (isWatched) letWatch(false);
  return ms;
}

letWatch(false);
const plain = train(network, loaderOf(recordSteps), firstSteps / recordSteps + 1, []);
for (let done = 0; done < firstSteps; done += recordSteps) await turn(plain, false);
const stepMs = (await turn(plain, false)) / recordSteps;
await plain.ended;
const turnSteps = recordSteps * Math.max(1, Math.round(turnMs / stepMs / recordSteps));
const pairs = Math.max(1, Math.round(roundMs / (turnSteps * stepMs) / 2));

/** The beginning is as long as the others, and has the first steps in it. */
const beginning = Math.ceil(firstSteps / turnSteps);
const epochs = beginning + Number(rounds) * pairs * 4;
const watched = train(network, loaderOf(turnSteps), epochs, [recorder]);
for (let i = 0; i < beginning; i++) await turn(watched, true);
const first = [plain.gate.firstMs, watched.gate.firstMs];
const found = { with: [] as number[], without: [] as number[], apart: [] as number[] };
for (let round = 0; round < Number(rounds); round++) {
  const ms = { with: 0, without: 0 };
  const halves = [0, 0];
  for (let pair = 0; pair < pairs; pair++) {
    // What grows or falls evenly adds nothing to the one or the other.
    const order = pair % 2 === 0 ? [true, false, false, true] : [false, true, true, false];
    for (const [i, isWatched] of order.entries()) {
      const took = await turn(watched, isWatched);
      ms[isWatched ? "with" : "without"] += took;
      if (!isWatched) halves[i < 2 ? 0 : 1] = (halves[i < 2 ? 0 : 1] as number) + took;
    }
  }
  found.with.push(ms.with);
  found.without.push(ms.without);
  found.apart.push((halves[0] as number) / (halves[1] as number));
}
letWatch(true);
await watched.ended;
await run.finish("done");
process.disconnect?.();
process.stdout.write(JSON.stringify({ steps: 2 * pairs * turnSteps, first, ...found }));
