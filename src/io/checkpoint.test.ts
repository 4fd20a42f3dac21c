import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FileFormatError } from "../base/errors.ts";
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

it("keeps apart what reads alike, and values that look like its own marks", async () => {
  const odd = {
    "a.b": tensor([1]),
    a: { b: tensor([2]), "": { "": -0 } },
    __metadata__: tensor([3]),
    text: { $number: "5" },
    tensor: { $tensor: "a.b" },
    twice: { $object: { $object: null } },
    list: [{ $number: 1 }, Number.NaN],
  };
  const [wanted, found] = [await plain(odd), await plain(loadCheckpoint(await saveCheckpoint(odd)))];
  expect(found).toEqual(wanted);
  expect(Object.is((found as typeof odd).a[""][""], -0)).toBe(true);
});

it("refuses a state that contains itself, and a file that is nested without end", async () => {
  const endless: Record<string, unknown> = {};
  endless.again = endless;
  await expect(saveCheckpoint(endless)).rejects.toThrow(
    /nested more than 500 deep at again\.again.*contain itself/,
  );
  await expect(saveCheckpoint({ list: new Array(2) })).rejects.toThrow("list.0 is undefined");
  for (const [open, close] of [
    ["[", "]"],
    ['{"$object":', "}"],
  ] as const) {
    const metadata = { tatami_checkpoint: `${open.repeat(100_000)}1${close.repeat(100_000)}` };
    const bytes = await saveSafetensors({}, { metadata });
    expect(() => loadCheckpoint(bytes)).toThrow(
      "checkpoint: the state is nested too deep; the file is damaged",
    );
    expect(() => loadCheckpoint(bytes)).toThrow(FileFormatError);
  }
});

it("says what it was given in place of bytes", () => {
  expect(() => loadCheckpoint("a.safetensors" as unknown as Uint8Array)).toThrow(
    'loadCheckpoint: bytes is the text "a.safetensors"; pass the file\'s bytes as a Uint8Array; loadCheckpointFile(path)',
  );
  expect(() => loadCheckpoint(saveCheckpoint(1) as unknown as Uint8Array)).toThrow(
    "bytes is a Promise; await it first",
  );
  expect(() => loadCheckpoint(new Uint8Array(), { path: "a" } as object)).toThrow(
    'there is no option "path"',
  );
});

it("reads of a file of several gigabytes what the state names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-io-"));
  try {
    const path = join(folder, "large.safetensors");
    // A file with a hole takes no space on the disk.
    const size = 5 * 2 ** 30;
    const header = JSON.stringify({
      __metadata__: { tatami_checkpoint: '{"epoch":3,"bias":{"$tensor":"small"}}' },
      small: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      huge: { dtype: "U8", shape: [size], data_offsets: [8, size + 8] },
    });
    const start = new Uint8Array(8);
    new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
    await writeFile(
      path,
      Buffer.concat([start, Buffer.from(header), new Uint8Array(Float32Array.of(1, 2).buffer)]),
    );
    await truncate(path, 8 + header.length + 8 + size);
    expect(await plain(await loadCheckpointFile(path))).toEqual({ epoch: 3, bias: ["float32", [2], [1, 2]] });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("names a tensor that is missing in a file, and a folder that is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-io-"));
  try {
    const path = join(folder, "a.safetensors");
    const metadata = { tatami_checkpoint: '{"$tensor":"w"}' };
    await saveSafetensorsFile({ v: tensor([1]) }, path, { metadata });
    await expect(loadCheckpointFile(path)).rejects.toThrow(
      `${path}: the tensor "w" is missing; the file is damaged`,
    );
    await expect(saveCheckpointFile(state, join(folder, "no", "a.safetensors"))).rejects.toThrow(
      `cannot be written: there is no folder ${join(folder, "no")}; make it first`,
    );
    await expect(loadCheckpointFile(folder)).rejects.toThrow("it is a folder");
  } finally {
    await rm(folder, { recursive: true });
  }
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
