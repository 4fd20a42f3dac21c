/**
 * Tatami as a process of the bench: `node tatami.js ENGINE THREADS`. It calls what users call.
 */
import { arithmeticKernel, makeProbe } from "../../src/engine/machine-peak.ts";
import {
  autograd,
  compile,
  createEngine,
  currentEngine,
  F,
  fromOwned,
  inspect,
  nn,
  noGrad,
  optim,
  type Tensor,
  useEngine,
  zeros,
} from "../../src/index.ts";
import { loadSafetensorsFile } from "../../src/node.ts";
import { buildModel } from "../model.ts";
import { imagesOf, labelsOf } from "../networks.ts";
import { convShapes, matmulShapes, operand } from "../operands.ts";
import {
  type ConvJob,
  comparedElements,
  firstLosses,
  type Job,
  type MatmulJob,
  type NetworkJob,
  type OperationJob,
  type PeakJob,
  type StepKernels,
  serve,
  type Task,
} from "../protocol.ts";
import { summarize } from "../timing.ts";
import { tatamiOperations } from "./tatami-operations.ts";

async function modelFor(job: NetworkJob): Promise<nn.Sequential> {
  const model = buildModel(job.network);
  if (job.weights !== null) model.loadStateDict(await loadSafetensorsFile(job.weights));
  return model;
}

async function infer(job: NetworkJob): Promise<Task> {
  const model = await modelFor(job);
  const predict = compile(model.eval());
  const { data, shape } = imagesOf(job.network, job.batch);
  const step = (): Promise<ArrayLike<number>> => noGrad(() => predict(fromOwned(data, shape))).data();
  return { step, values: async () => Array.from(await step()) };
}

/** One whole training step: forward, loss, backward, Adam. */
async function train(job: NetworkJob): Promise<Task> {
  const model = await modelFor(job);
  let recorder: inspect.ActivationStats | null = null;
  const record = (on: boolean): void => {
    recorder?.remove();
    recorder = on ? new inspect.ActivationStats(model) : null;
  };
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const { data, shape } = imagesOf(job.network, job.batch);
  let steps = 0;
  let preparing = 0;
  const step = async (): Promise<Tensor> => {
    const [start, { launchMs }] = [performance.now(), currentEngine().stats];
    optimizer.zeroGrad();
    // Fresh tensors each time, as a loader gives them: the copy to the device is part of the step.
    const loss = F.crossEntropy(
      model(fromOwned(data, shape)),
      fromOwned(labelsOf(job.batch, steps++), [job.batch]),
    );
    loss.backward();
    const done = optimizer.step();
    preparing += performance.now() - start - (currentEngine().stats.launchMs - launchMs);
    await done;
    return loss;
  };
  return {
    step,
    settle: () => currentEngine().flush(),
    values: () => firstLosses(async () => (await step()).item()),
    preparing: () => {
      const ms = preparing;
      preparing = 0;
      return ms;
    },
    kernels: () => kernelsOf(step),
    record,
    drop: () => record(false),
  };
}

/** Steps before and in a profile. */
const [warming, watched] = [200, 30];
const shown = 6;

async function kernelsOf(step: () => Promise<unknown>): Promise<StepKernels> {
  const start = performance.now();
  for (let i = 0; i < warming && performance.now() - start < 2000; i++) await step();
  const profile = await currentEngine().profile(async () => {
    for (let i = 0; i < watched; i++) await step();
  });
  const { kernels, kernelMs, roofMs } = inspect.profileTable(profile, { steps: watched });
  const total = (of: (k: (typeof profile.kernels)[number]) => number): number =>
    profile.kernels.reduce((sum, k) => sum + of(k), 0) / watched / 1e9;
  return {
    kernelMs,
    roofMs,
    gflop: total((k) => k.flops),
    gigabytes: total((k) => k.bytes),
    count: profile.kernels.length / watched,
    slowest: kernels
      .slice(0, shown)
      .map((k) => ({ name: k.name, ms: k.ms, ofRoof: Math.max(k.ofPeak, k.ofBandwidth) })),
  };
}

/** An operation between values that stay in device memory: its result is written to a tensor that lives there too. */
async function operation(shape: readonly number[], compute: () => Tensor): Promise<Task> {
  const out = zeros(shape);
  const step = async (): Promise<void> => {
    const result = compute();
    noGrad(() => out.copy_(result));
    await currentEngine().flush();
  };
  return {
    step,
    values: async () => {
      await step();
      return Array.from((await out.data()).subarray(0, comparedElements));
    },
    profile: async () => arithmeticRate(step),
  };
}

/** Runs of a profile. */
const profiled = 5;

/** GFLOP/s of the kernels that do the arithmetic of a step, without those that move operands: the median of some. */
async function arithmeticRate(step: () => Promise<unknown>): Promise<number> {
  const { kernels } = await currentEngine().profile(async () => {
    for (let i = 0; i < profiled; i++) await step();
  });
  const rates = Array.from({ length: profiled }, (_, launch) => {
    const all = kernels.filter((k) => k.launch === launch);
    const most = Math.max(...all.map((k) => k.flops));
    const main = all.filter((k) => k.flops > most / 10);
    const sum = (of: (k: (typeof main)[number]) => number): number => main.reduce((s, k) => s + of(k), 0);
    return sum((k) => k.flops) / sum((k) => k.ms) / 1e6;
  });
  return summarize(rates).median;
}

/** A tensor that lives in device memory, as parameters do. */
const resident = (shape: readonly number[], seed: number, requiresGrad = false): Tensor =>
  new nn.Parameter(fromOwned(operand(shape, seed), shape), { requiresGrad });

async function matmul(job: MatmulJob): Promise<Task> {
  const [ofA, ofB] = matmulShapes(job);
  const a = resident(ofA, 0);
  const b = resident(ofB, 1);
  const [first, second] = job.transposed;
  return operation([job.m, job.n], () => (first ? a.t() : a).matmul(second ? b.t() : b));
}

async function conv(job: ConvJob): Promise<Task> {
  const shapes = convShapes(job);
  const { stride, padding, groups, pass } = job;
  const x = resident(shapes.input, 0, pass === "input");
  const w = resident(shapes.weight, 1, pass === "weight");
  const forward = (): Tensor => F.conv2d(x, w, { stride, padding, groups });
  if (pass === "forward") return operation(shapes.output, forward);
  const gradOutputs = [resident(shapes.output, 2)];
  const of = pass === "input" ? x : w;
  return operation(of.shape, () => {
    const [gradient] = autograd.grad(forward(), [of], { gradOutputs });
    return gradient as Tensor;
  });
}

async function single({ name, shape, gradient }: OperationJob): Promise<Task> {
  const apply = tatamiOperations[name];
  const x = resident(shape, 0, gradient);
  // Along the rows of a matrix, along the channels of images.
  const weight = resident([shape[1] as number], 1);
  const result = noGrad(() => apply(x, weight));
  if (!gradient) return operation(result.shape, () => apply(x, weight));
  const gradOutputs = [resident(result.shape, 2)];
  return operation(shape, () => {
    const [found] = autograd.grad(apply(x, weight), [x], { gradOutputs });
    return found as Tensor;
  });
}

async function peak({ chains }: PeakJob): Promise<Task> {
  const { device } = currentEngine();
  const kernel = arithmeticKernel(device, chains);
  const probe = makeProbe(device, kernel);
  return {
    step: () => probe.run(),
    values: async () => [],
    flops: kernel.flops,
    drop: () => probe.dispose(),
  };
}

function prepare(job: Job): Promise<Task> {
  switch (job.kind) {
    case "train":
      return train(job);
    case "infer":
      return infer(job);
    case "matmul":
      return matmul(job);
    case "conv":
      return conv(job);
    case "operation":
      return single(job);
    case "peak":
      return peak(job);
  }
}

const [name, threads] = process.argv.slice(2);
try {
  const engine = createEngine({ engine: name === "native" ? "native" : "wasm", threads: Number(threads) });
  useEngine(engine);
  await serve({ version: `Tatami ${name}`, notes: engine.device.notes }, prepare);
} catch (error) {
  await serve({ cannot: (error as Error).message }, prepare);
}
process.exit();
