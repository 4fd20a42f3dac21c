/**
 * `tatami bench`: what this machine does with the library: single operations beside the machine's peak, and whole
 * networks in training and in use. Nothing is read and nothing is kept; images and labels are made up.
 */
import {
  compile,
  currentEngine,
  type Engine,
  EngineError,
  F,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
  zeros,
} from "../index.ts";
import { textTable } from "../train/index.ts";
import { type BuiltModel, buildModel } from "./build.ts";
import { datasets } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import type { Output } from "./output.ts";
import type { TrainSettings } from "./settings.ts";

/** The command's options. */
export interface BenchOptions extends EngineChoice {
  /** Images of a training step, and of one of two inferences; the other is of a single image. */
  readonly batchSize: number;
  /** Seconds for each measurement. */
  readonly seconds: number;
}

/** An operation between values in device memory. */
interface Operation {
  readonly name: string;
  readonly flops: number;
  /** Shapes of its two operands and of its result. */
  readonly shapes: readonly [readonly number[], readonly number[], readonly number[]];
  readonly compute: (a: Tensor, b: Tensor) => Tensor;
}

const matmul = (size: number): Operation => ({
  name: `matmul ${size}x${size} by ${size}x${size}`,
  flops: 2 * size ** 3,
  shapes: [
    [size, size],
    [size, size],
    [size, size],
  ],
  compute: (a, b) => a.matmul(b),
});

/** A 3 x 3 convolution that keeps the size of 16 images. */
function convolution(channels: number, edge: number): Operation {
  const images = [16, channels, edge, edge];
  return {
    name: `conv 3x3, ${channels} to ${channels} channels, 16 images of ${edge}x${edge}`,
    flops: 2 * 9 * channels * channels * 16 * edge * edge,
    shapes: [images, [channels, channels, 3, 3], images],
    compute: (x, weight) => F.conv2d(x, weight, { padding: 1 }),
  };
}

const operations = [
  matmul(256),
  matmul(1024),
  convolution(32, 32),
  convolution(64, 16),
  convolution(256, 14),
];

type Network = Pick<TrainSettings, "dataset" | "model">;

const networks: readonly Network[] = [
  { model: "mlp", dataset: "fashion-mnist" },
  { model: "lenet5", dataset: "fashion-mnist" },
  { model: "cnn", dataset: "fashion-mnist" },
  { model: "resnet20", dataset: "cifar10" },
];

export async function benchCommand(options: BenchOptions, output: Output): Promise<void> {
  const names = options.device === undefined ? (["native", "wasm"] as const) : [options.device];
  for (const device of names) {
    const engine = startEngine({ ...options, device }, names.length > 1, output);
    if (engine === null) continue;
    try {
      manualSeed(0);
      await benchOperations(engine, options, output);
      await benchNetworks(engine, options, output);
    } finally {
      await engine.close();
    }
  }
}

/** The engine, in use; null where it is one of several and this machine does not have it. @throws EngineError */
function startEngine(choice: EngineChoice, isOptional: boolean, output: Output): Engine | null {
  try {
    return chooseEngine(choice);
  } catch (error) {
    if (!isOptional || !(error instanceof EngineError)) throw error;
    output.line(`No ${choice.device} engine: ${error.message}\n`);
    output.event("missing", { engine: choice.device, reason: error.message });
    return null;
  }
}

async function benchOperations(engine: Engine, options: BenchOptions, output: Output): Promise<void> {
  const steps = operations.map((operation) => ({ operation, step: stepOf(operation) }));
  // The peak is measured with the first operation, while the machine is as busy as it is for the others.
  const { peak } = await engine.profile(async () => void (await steps[0]?.step()));
  const { name, threads } = engine.device;
  output.event("machine", { engine: name, threads, peak });
  output.line(
    `${name} engine, ${threads} thread${threads === 1 ? "" : "s"}: ${peak.gflops.toFixed(0)} GFLOP/s and ` +
      `${peak.gigabytes.toFixed(0)} GB/s at best, measured just now\n`,
  );
  const rows = [["operation", "time", "GFLOP/s", "of peak"]];
  for (const { operation, step } of steps) {
    const ms = await medianMs(step, options.seconds);
    const gflops = operation.flops / ms / 1e6;
    const ofPeak = gflops / peak.gflops;
    output.event("operation", { engine: name, operation: operation.name, ms, gflops, ofPeak });
    rows.push([operation.name, shownMs(ms), gflops.toFixed(0), `${(100 * ofPeak).toFixed(0)}%`]);
  }
  for (const line of textTable(rows)) output.line(line);
  output.line();
}

function stepOf({ shapes, compute }: Operation): () => Promise<void> {
  const [a, b] = [new nn.Parameter(randn(shapes[0])), new nn.Parameter(randn(shapes[1]))];
  const result = zeros(shapes[2]);
  return async () => {
    noGrad(() => result.copy_(compute(a, b)));
    await currentEngine().flush();
  };
}

async function benchNetworks(engine: Engine, options: BenchOptions, output: Output): Promise<void> {
  const { batchSize, seconds } = options;
  const rows = [
    ["network", `training, ${batchSize}`, "images/s", `in use, ${batchSize}`, "images/s", "in use, 1"],
  ];
  for (const network of networks) {
    const trained = await medianMs(trainingStep(network, batchSize), seconds);
    const used = await medianMs(inference(network, batchSize), seconds);
    const single = await medianMs(inference(network, 1), seconds);
    const perSecond = (ms: number): number => (1000 * batchSize) / ms;
    output.event("network", {
      engine: engine.device.name,
      ...network,
      batchSize,
      trainingMs: trained,
      inferenceMs: used,
      singleMs: single,
    });
    const rates = [trained, used].map((ms) => perSecond(ms).toFixed(0)) as [string, string];
    rows.push([network.model, shownMs(trained), rates[0], shownMs(used), rates[1], shownMs(single)]);
  }
  for (const line of textTable(rows)) output.line(line);
  output.line();
}

const makeModel = ({ model, dataset }: Network): BuiltModel =>
  buildModel({ model, dataset, norm: "batch", init: "default" });

/** Forward, loss, backward and Adam's update. */
function trainingStep(network: Network, batchSize: number): () => Promise<unknown> {
  const { imageShape, classes } = datasets[network.dataset];
  const model = makeModel(network);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const images = rand([batchSize, ...imageShape]).keep();
  const labels = randint(0, classes, [batchSize]).keep();
  return async () => {
    optimizer.zeroGrad();
    F.crossEntropy(model(images), labels).backward();
    await optimizer.step();
  };
}

function inference(network: Network, batchSize: number): () => Promise<unknown> {
  const model = makeModel(network);
  const predict = compile(model.eval());
  const images = rand([batchSize, ...datasets[network.dataset].imageShape]).keep();
  return () => noGrad(() => predict(images)).data();
}

/** The least number of measured steps. */
const fewest = 3;

/** Median time of a step, in milliseconds. A third of the time goes by before anything is measured. */
async function medianMs(step: () => Promise<unknown>, seconds: number): Promise<number> {
  const times: number[] = [];
  await step();
  const begin = performance.now();
  while (performance.now() - begin < (1000 * seconds) / 3) await step();
  while (times.length < fewest || performance.now() - begin < 1000 * seconds) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] as number;
}

const shownMs = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
