/** What a training leaves in its folder for the studio. */
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DataLoader, TensorDataset } from "../../data/index.ts";
import { decodeSafetensors } from "../../io/index.ts";
import * as nn from "../../nn/index.ts";
import { SGD } from "../../optim/index.ts";
import { rand, tensor } from "../../tensor/create.ts";
import { manualSeed } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { accuracy, type BatchSource, fit, TerminateOnNaN } from "../index.ts";
import { findRecords, isPresent, offsetsOf, parseLayerHeader, statisticsFields } from "./layer-log.ts";
import { RunRecorder, type RunRecorderOptions } from "./run-recorder.ts";
import { parseSteps } from "./step-log.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-recording-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** 6 steps an epoch. */
async function trained(
  epochs: number,
  { startEpoch = 0, lr = 0.1, ...options }: RunRecorderOptions & { startEpoch?: number; lr?: number } = {},
): Promise<nn.Sequential> {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  const labels = tensor(
    Int32Array.from({ length: 24 }, (_, i) => i % 3),
    { dtype: "int32" },
  );
  const dataset = new TensorDataset(rand([24, 4]), labels);
  // Its samples have two fields, which their type does not say.
  const loader = new DataLoader(dataset, { batchSize: 4 }) as BatchSource & DataLoader;
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  await fit(model, {
    loader,
    validation: loader,
    loss: nn.functional.crossEntropy,
    metrics: { accuracy },
    optimizer: new SGD(model.parameters(), { lr }),
    epochs,
    startEpoch,
    callbacks: [new RunRecorder(folder, { every: 4, bins: 5, ...options }), new TerminateOnNaN()],
  });
  return model;
}

const steps = async (): Promise<number[]> =>
  parseSteps(await readFile(join(folder, "steps.ndjson"), "utf8")).map(({ step }) => step);

/** Steps with records of the layers, and one series' statistics in each. */
async function records(): Promise<{ steps: number[]; first: Record<string, number>[] }> {
  const header = parseLayerHeader(await readFile(join(folder, "layers.json"), "utf8"));
  if (header === null) throw new Error("no header");
  const bytes = await readFile(join(folder, "layers.bin"));
  const words = new Uint32Array(Uint8Array.from(bytes).buffer);
  const numbers = new Float32Array(words.buffer);
  const { records: found, end } = findRecords(words, 0, header);
  expect(end).toBe(words.length);
  const first = found.map(({ at }) => {
    const begin = at + (offsetsOf(header)[0] as number);
    expect(isPresent(numbers, begin, "activations")).toBe(true);
    return Object.fromEntries(statisticsFields.map((name, i) => [name, numbers[begin + i] as number]));
  });
  return { steps: found.map(({ step }) => step), first };
}

const snapshots = async (): Promise<number[]> =>
  (await readdir(join(folder, "snapshots")))
    .map((name) => Number(/\d+/.exec(name)?.[0]))
    .sort((a, b) => a - b);

/** Files of the folder that this process has open; where the system does not tell, none. */
async function openFiles(): Promise<string[]> {
  const fds = await readdir("/proc/self/fd").catch(() => []);
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return paths.filter((path) => path.startsWith(folder));
}

it("holds up the steps alone whose weights it keeps, and reads of the others what is theirs", async () => {
  const recorder = new RunRecorder(folder, { every: 4, bins: 5 });
  const order: string[] = [];
  const means: Tensor[] = [];
  const model = new nn.Sequential(new nn.Linear(4, 3));
  const labels = tensor(Int32Array.from({ length: 200 }, (_, i) => i % 3));
  const loader = new DataLoader(new TensorDataset(rand([200, 4]), labels), { batchSize: 4 }) as BatchSource &
    DataLoader;
  // biome-ignore lint/suspicious/noFocusedTests: this is the training loop, not a test
  await fit(model, {
    loader,
    loss: (output, target) => {
      order.push("begun");
      means.push(output.mean());
      return nn.functional.crossEntropy(output, target);
    },
    optimizer: new SGD(model.parameters(), { lr: 0.1 }),
    epochs: 1,
    callbacks: [recorder, { onLoss: ({ step }) => void order.push(`${step}`) }],
  });
  const told = order.join(" ");
  // There are snapshots of 2 and 44. Layers are recorded in 1, 2 and 3, in 41 and in 45.
  expect(told).toMatch(/^begun 1 begun 2 begun begun 3 4/);
  expect(told).toContain("begun begun 41 42 begun begun 43 44 begun begun 45 46");
  expect(await steps()).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  const recorded = await records();
  expect(recorded.steps.slice(-4)).toEqual([37, 41, 45, 49]);
  for (const [i, step] of recorded.steps.entries()) {
    expect(recorded.first[i]?.mean).toBeCloseTo((await means[step - 1]?.item()) ?? Number.NaN, 6);
  }
});

it("records steps, layers, weights and errors", async () => {
  const model = await trained(2, { classes: ["a", "b", "c"] });
  expect(await steps()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect((await records()).steps).toEqual(await steps());
  const header = parseLayerHeader(await readFile(join(folder, "layers.json"), "utf8"));
  expect(header?.series.map((s) => `${s.kind} ${s.parameter ?? s.layer} ${s.type} ${s.shape}`)).toEqual([
    "activations 0 Linear 4,8",
    "activations 1 ReLU 4,8",
    "activations 2 Linear 4,3",
    "gradients 2 Linear 4,3",
    "gradients 1 ReLU 4,8",
    "gradients 0 Linear 4,8",
    "updates 0.weight Linear 8,4",
    "updates 0.bias Linear 8",
    "updates 2.weight Linear 3,8",
    "updates 2.bias Linear 3",
  ]);
  expect(JSON.parse(await readFile(join(folder, "recording.json"), "utf8"))).toEqual({
    version: 1,
    epochs: 2,
    stepsPerEpoch: 6,
    every: 4,
    classes: ["a", "b", "c"],
  });

  expect(await snapshots()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const last = decodeSafetensors(await readFile(join(folder, "snapshots", "step-12.safetensors")));
  const exact = await model.stateDict()["0.weight"]?.data();
  const stored = last.tensors.get("0.weight")?.data ?? [];
  expect(stored.length).toBe(32);
  for (const [i, v] of stored.entries()) expect(Math.abs(v - Number(exact?.[i]))).toBeLessThan(1e-3);

  const errors = JSON.parse(await readFile(join(folder, "errors.json"), "utf8"));
  expect(errors.epoch).toBe(2);
  expect(errors.confusion.flat().reduce((a: number, b: number) => a + b, 0)).toBe(24);
  expect(errors.topLosses).toHaveLength(24);
  const losses = errors.topLosses.map((one: { loss: number }) => one.loss);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  for (const { index, label } of errors.topLosses) expect(label).toBe(index % 3);
});

it("records what the layers gave: the numbers are those of the tensor", async () => {
  manualSeed(1);
  await trained(1, { bins: 5 });
  const { first } = await records();
  for (const s of first) {
    expect(s.min).toBeLessThan(s.mean as number);
    expect(s.max).toBeGreaterThan(s.mean as number);
    expect([s.zeros, s.nonFinite, s.dead]).toEqual([0, 0, 0]);
  }
});

it("goes on where a resumed training goes on, and takes back what came after", async () => {
  await trained(3);
  await writeFile(join(folder, "steps.ndjson"), '{"step":19,"ep', { flag: "a" });
  await writeFile(join(folder, "layers.bin"), Buffer.from([1, 2, 3]), { flag: "a" });
  await trained(3, { startEpoch: 1 });
  expect(await steps()).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
  expect((await records()).steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18]);
  expect(await snapshots()).toEqual(Array.from({ length: 19 }, (_, i) => i));
  const rows = parseSteps(await readFile(join(folder, "steps.ndjson"), "utf8"));
  const seconds = rows.map((row) => row.seconds);
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
});

it("keeps the step that ends a training", async () => {
  await expect(trained(2, { lr: 1e30 })).rejects.toThrow();
  const lines = (await readFile(join(folder, "steps.ndjson"), "utf8")).trim().split("\n");
  expect(lines.at(-1)).toMatch(/"loss":"(NaN|Infinity)"/);
});

it("keeps snapshots below what they may take", async () => {
  await trained(4, { snapshotBytes: 10_000 });
  const kept = await snapshots();
  const sizes = await Promise.all(
    kept.map(async (step) => (await stat(join(folder, "snapshots", `step-${step}.safetensors`))).size),
  );
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10_000);
  expect([kept[0], kept.at(-1)]).toEqual([0, 24]);
  expect(kept.length).toBeGreaterThan(3);
});

it("says once that it has failed, closes its files, and lets the training go on", async () => {
  // A folder in place of the file: nothing can be written there.
  await mkdir(join(folder, "layers.bin"));
  const onError = vi.fn();
  const model = await trained(2, { onError });
  expect(onError).toHaveBeenCalledTimes(1);
  expect(await openFiles()).toEqual([]);
  expect(model.stateDict()["0.weight"]?.shape).toEqual([8, 4]);
});

it("computes the same with and without a resumption", async () => {
  const a = await (await trained(2)).stateDict()["0.weight"]?.data();
  const b = await (await trained(2)).stateDict()["0.weight"]?.data();
  expect(a).toEqual(b);
});

it("refuses options that make no sense", () => {
  expect(() => new RunRecorder(folder, { every: 0 })).toThrow("every must be an integer of 1 or more; got 0");
  expect(() => new RunRecorder(folder, { bins: 1.5 })).toThrow("bins");
  expect(() => new RunRecorder(folder, { bin: 5 } as object)).toThrow(
    'RunRecorder: there is no option "bin"; there are { every, bins,',
  );
});
