import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Linear } from "../nn/linear.ts";
import { StepLR } from "../optim/lr-scheduler/step-lr.ts";
import { SGD } from "../optim/sgd.ts";
import { tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type CheckpointValue, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import {
  loadCheckpointFile,
  loadSafetensorsFile,
  saveCheckpointFile,
  saveSafetensorsFile,
} from "./node/files.ts";
import { decodeSafetensors } from "./safetensors.ts";
import { loadSafetensors, saveSafetensors } from "./tensor-dict.ts";

const state = {
  model: { "conv1.weight": tensor([[1, -2]]), "bn.num_batches_tracked": tensor(3, { dtype: "int32" }) },
  optimizer: {
    state: { 0: { step: 4, exp_avg: tensor([0.5]) } },
    param_groups: [{ lr: 1e-3, params: [0, 1] }],
  },
  best: Number.NEGATIVE_INFINITY,
  note: null,
};

async function plain(value: CheckpointValue): Promise<unknown> {
  if (value instanceof Tensor) return [value.dtype, value.shape, [...(await value.data())]];
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  const entries = Object.entries(value).map(async ([key, item]) => [key, await plain(item)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

it("keeps nested state, tensors and numbers that JSON lacks", async () => {
  const bytes = await saveCheckpoint(state);
  expect(await plain(loadCheckpoint(bytes))).toEqual(await plain(state));
  expect([...decodeSafetensors(bytes).tensors.keys()].sort()).toEqual([
    "model.bn.num_batches_tracked",
    "model.conv1.weight",
    "optimizer.state.0.exp_avg",
  ]);
});

it("takes state dicts of models, optimizers and schedulers as they are typed", async () => {
  const model = new Linear(2, 1);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const scheduler = new StepLR(optimizer, 2);
  const bytes = await saveCheckpoint({
    model: model.stateDict(),
    optimizer: optimizer.stateDict(),
    scheduler: scheduler.stateDict(),
  });
  expect(Object.keys(loadCheckpoint(bytes) ?? {})).toEqual(["model", "optimizer", "scheduler"]);
});

it("refuses what it cannot hold, and files that are no checkpoint", async () => {
  await expect(saveCheckpoint({ a: { b: undefined } })).rejects.toThrow("a.b is undefined");
  await expect(saveCheckpoint({ model: new Linear(2, 1) })).rejects.toThrow("model is a Linear, which");
  await expect(saveCheckpoint(new Map())).rejects.toThrow("the state is a Map, which");
  const weights = await saveSafetensors({ w: tensor([1, 2]) });
  expect(() => loadCheckpoint(weights, { source: "x.safetensors" })).toThrow(
    "x.safetensors: a safetensors file",
  );
  expect(await loadSafetensors(weights).w?.array()).toEqual([1, 2]);
});

it("writes and reads files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-io-"));
  const path = join(folder, "a.safetensors");
  await saveSafetensorsFile({ w: tensor([[1, 2]]) }, path);
  expect(await (await loadSafetensorsFile(path)).w?.array()).toEqual([[1, 2]]);
  await saveCheckpointFile(state, path);
  expect(await plain(await loadCheckpointFile(path))).toEqual(await plain(state));
  expect(await readdir(folder)).toEqual(["a.safetensors"]);
  await writeFile(path, "damaged");
  await expect(loadCheckpointFile(path)).rejects.toThrow(path);
  await rm(folder, { recursive: true });
});
