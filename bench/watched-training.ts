/**
 * `node watched-training.js ENGINE THREADS NETWORK ROUNDS FOLDER`: one training twice, with the recording for the studio and
 * without it, taking turns of an epoch. Writes milliseconds of every turn as JSON.
 */
import { createEngine, F, fromOwned, manualSeed, optim, useEngine } from "../src/index.ts";
import { RunDirectory, RunRecorder } from "../src/node.ts";
import { type BatchSource, type Callback, fit, type TrainingContext } from "../src/train/index.ts";
import { goalBatch } from "./goals.ts";
import { buildModel } from "./model.ts";
import { imagesOf, labelsOf, networks } from "./networks.ts";

const [engine, threads, id, rounds, folder = ""] = process.argv.slice(2);
useEngine(createEngine({ engine: engine === "native" ? "native" : "wasm", threads: Number(threads) }));
const network = networks.find((n) => n.id === id);
if (network === undefined) throw new Error(`watched-training: no network ${id}`);

/** Steps of a turn, which is an epoch: the recorder keeps weights at its end. Fashion-MNIST has 938. */
const turnSteps = 200;
/** Turns of the beginning, in which records are closer together. */
const first = 3;
const turns = first + Number(rounds);

const { data, shape } = imagesOf(network, goalBatch);
const labels = labelsOf(goalBatch);
const loader: BatchSource = {
  length: turnSteps,
  epoch: 0,
  async *[Symbol.asyncIterator]() {
    for (let i = 0; i < turnSteps; i++) yield [fromOwned(data, shape), fromOwned(labels, [goalBatch])];
  },
};

/** Lets the other training do its turn after each of its own. */
class Turns implements Callback {
  readonly ms: number[] = [];
  #other: Turns | null = null;
  #start = 0;
  #go: () => void = () => {};
  #mine: Promise<void> = Promise.resolve();

  against(other: Turns): void {
    this.#other = other;
  }

  /** Its first turn comes when the other one has had one. */
  wait(): void {
    this.#mine = new Promise((resolve) => {
      this.#go = resolve;
    });
  }

  proceed(): void {
    this.#go();
  }

  async onTrainBegin(): Promise<void> {
    await this.#mine;
    this.#start = performance.now();
  }

  async onEpochEnd(_: unknown, { epochs }: TrainingContext): Promise<void> {
    this.ms.push(performance.now() - this.#start);
    if (this.ms.length < epochs) this.wait();
    this.#other?.proceed();
    await this.#mine;
    this.#start = performance.now();
  }
}

const run = await RunDirectory.create(folder, { name: "watched", seed: 0 });
process.send?.({ id: run.info.id });
const [plain, watched] = [new Turns(), new Turns()];
plain.against(watched);
watched.against(plain);
watched.wait();

function train(callbacks: readonly Callback[]): Promise<unknown> {
  manualSeed(0);
  const model = buildModel(network as NonNullable<typeof network>);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  return fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: turns, callbacks });
}

/** The clock of a turn starts before the recorder and stops behind it. */
const begins: Callback = { onTrainBegin: () => watched.onTrainBegin() };
const ends: Callback = { onEpochEnd: (result, context) => watched.onEpochEnd(result, context) };
const recorder = new RunRecorder(run.path);
await Promise.all([train([plain]), train([begins, recorder, ends])]);
await run.finish("done");
process.stdout.write(JSON.stringify({ first, plain: plain.ms, watched: watched.ms }));
