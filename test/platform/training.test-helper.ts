/**
 * A few steps of training a small convolutional network from a fixed seed, the same on every platform.
 */
import { createEngine, F, manualSeed, nn, optim, randint, randn, useEngine } from "../../src/index.ts";

/** What a run gives: everything here can be posted from a worker. */
export interface TrainingReport {
  readonly losses: readonly number[];
  readonly engine: string;
  readonly threads: number;
  readonly notes: readonly string[];
  /** Programs compiled after the first two steps. */
  readonly lateCompilations: number;
  /** Values read by blocking, which a worker may: before threads have started, and after training. */
  readonly blocking: readonly [number, number];
}

const steps = 5;

/** Trains with Adam on the engine that this host gives, asking for `threads` threads. */
export async function train(threads: number): Promise<TrainingReport> {
  const engine = createEngine({ engine: "wasm", threads });
  useEngine(engine);
  manualSeed(7);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(6 * 6 * 6, 10),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const [images, target] = [randn([8, 1, 12, 12]), randint(0, 10, [8])];
  const first = images.mean().itemSync();
  const losses: number[] = [];
  let compilations = 0;
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(images), target);
    loss.backward();
    await optimizer.step();
    // The first step may still be under way, and threads be on their way.
    losses.push(step === 0 ? loss.itemSync() : await loss.item());
    if (step === 1) ({ compilations } = engine.stats);
  }
  const lateCompilations = engine.stats.compilations - compilations;
  const last = images.sum().itemSync();
  const { name, threads: used, notes } = engine.device;
  await engine.close();
  return { losses, engine: name, threads: used, notes, lateCompilations, blocking: [first, last] };
}
