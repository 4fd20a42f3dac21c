import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DataLoader } from "../data/data-loader.ts";
import { Subset } from "../data/dataset.ts";
import { Digits } from "../data/digits.ts";
import { loadCheckpoint, saveCheckpoint } from "../io/checkpoint.ts";
import { Cnn } from "../models/cnn.ts";
import * as F from "../nn/functional.ts";
import * as optim from "../optim/index.ts";
import { Generator, manualSeed } from "../tensor/generator.ts";
import type { Callback, Model } from "./contract.ts";
import { fit as train } from "./fit.ts";
import { Inspector } from "./inspector.ts";
import { InspectionFile } from "./inspector-file.ts";

function parts(lr: number) {
  manualSeed(2);
  const model = new Cnn({ widths: [4, 8] });
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const first = new Subset(
    new Digits({ split: "train" }),
    Array.from({ length: 160 }, (_, i) => i),
  );
  const loader = new DataLoader(first, { batchSize: 32, shuffle: true, generator: new Generator(1) });
  return { model, optimizer, loader, loss: F.crossEntropy };
}

it("records each epoch, in memory and in a file, and takes everything off at the end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-inspector-"));
  try {
    const { model, ...options } = parts(1e-3);
    const file = new InspectionFile(folder);
    const inspector = new Inspector({ every: 2, bins: 5, classes: 10, target: file });
    await train(model, { ...options, validation: options.loader, epochs: 2, callbacks: [inspector] });
    expect(inspector.records.map((r) => r.epoch)).toEqual([1, 2]);
    const [first, second] = inspector.records;
    // Five steps in each epoch: 1, 3, 5 and then 7, 9; none of the validation.
    expect(first?.activations.map((l) => l.steps.map((s) => s.step))).toEqual(
      new Array<number[]>(9).fill([1, 3, 5]),
    );
    expect(second?.gradients[0]?.steps.map((s) => s.step)).toEqual([7, 9]);
    expect(second?.updateRatios).toHaveLength(model.parameters().length);
    expect(inspector.records.flatMap((r) => r.verdicts.map((v) => v.message))).toEqual([]);
    const lines = (await readFile(file.path, "utf8")).trimEnd().split("\n");
    const read = lines.map((line) => JSON.parse(line) as { epoch: number; activations: { layer: string }[] });
    expect(read.map((r) => r.epoch)).toEqual([1, 2]);
    expect(read[1]?.activations.map((l) => l.layer)).toEqual(second?.activations.map((l) => l.layer));
    expect(Object.hasOwn(options.optimizer, "step")).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("tells each verdict when it first comes", async () => {
  const { model, ...options } = parts(0.3);
  const told: string[] = [];
  const inspector = new Inspector({
    every: 1,
    keep: 1,
    lang: "ja",
    onVerdict: (v, epoch) => told.push(`${epoch} ${v.rule} ${v.layer ?? ""}`),
  });
  await train(model, { ...options, epochs: 2, callbacks: [inspector] });
  expect(told).toContain("1 learning-rate-too-high ");
  expect(told).toHaveLength(new Set(told.map((t) => t.slice(2))).size);
  expect(inspector.records.map((r) => r.epoch)).toEqual([2]);
});

const bitsOf = async (model: Cnn): Promise<unknown[]> =>
  Promise.all(Object.values(model.stateDict()).map((t) => t.data()));

it("records the same in a training that is resumed within an epoch", async () => {
  // Of five steps in each epoch 1, 4, 7 and 10 are recorded; saved after the eighth.
  const { model, ...options } = parts(1e-3);
  let saved = new Uint8Array();
  const keeper: Callback = {
    onCheckpoint: async ({ when, epoch, step }, context) => {
      if (when === "step" && epoch === 1 && step === 3) saved = await saveCheckpoint(await context.state());
    },
  };
  const whole = new Inspector({ every: 3, classes: 10 });
  await train(model, { ...options, epochs: 3, callbacks: [whole, keeper] });
  const { model: another, ...again } = parts(1e-3);
  const rest = new Inspector({ every: 3, classes: 10 });
  const callbacks = [rest, keeper];
  await train(another, { ...again, epochs: 3, callbacks, resume: loadCheckpoint(saved) });
  const stepsOf = ({ records }: Inspector): unknown[] =>
    records.map((r) => [r.epoch, r.gradients[0]?.steps.map((s) => s.step)]);
  expect(stepsOf(whole)).toEqual([
    [1, [1, 4]],
    [2, [7, 10]],
    [3, [13]],
  ]);
  // What was recorded before the training was saved is in the record of its epoch, number for number.
  expect(rest.records).toEqual(whole.records.slice(1));
  expect(await bitsOf(another)).toEqual(await bitsOf(model));
});

it("goes on with other bins, without what the old ones counted", async () => {
  const { model, ...options } = parts(1e-3);
  let saved = new Uint8Array();
  const keeper: Callback = {
    onCheckpoint: async ({ when, step }, context) => {
      if (when === "step" && step === 3) saved = await saveCheckpoint(await context.state());
    },
  };
  await train(model, { ...options, epochs: 1, callbacks: [new Inspector({ every: 1, bins: 5 }), keeper] });
  const { model: another, ...again } = parts(1e-3);
  const rest = new Inspector({ every: 1, bins: 6 });
  await train(another, { ...again, epochs: 1, callbacks: [rest], resume: loadCheckpoint(saved) });
  const [record] = rest.records;
  expect(record?.activations[0]?.steps.map((s) => [s.step, s.histogram?.counts.length])).toEqual([
    [4, 6],
    [5, 6],
  ]);
  expect(record?.updateRatios[0]?.steps.map((s) => s.step)).toEqual([1, 2, 3, 4, 5]);
});

it("refuses what it cannot watch", async () => {
  expect(() => new Inspector({ every: 0 })).toThrow(
    "Inspector: every must be an integer of 1 or more; got 0",
  );
  const { model, ...options } = parts(1e-3);
  const bare = Object.assign((x: Parameters<Model>[0]) => model(x), {
    training: true,
    train: () => {},
    stateDict: () => ({}),
    loadStateDict: () => {},
  }) satisfies Model;
  await expect(train(bare, { ...options, epochs: 1, callbacks: [new Inspector()] })).rejects.toThrow(
    "Inspector: the model is no nn.Module",
  );
});
