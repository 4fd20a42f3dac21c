import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findTorch } from "../../test/setup/neighbours.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { arange, ones, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { saveSafetensorsFile } from "./node/files.ts";
import { loadPretrainedFolder } from "./node/pretrained-folder.ts";
import { loadPretrained } from "./pretrained.ts";
import { saveSafetensors } from "./tensor-dict.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-pretrained-"));
});
afterEach(() => rm(folder, { recursive: true }));

const put = (name: string, content: string | Uint8Array): Promise<void> =>
  writeFile(join(folder, name), content);
const putIndex = (map: unknown, name = "model.safetensors.index.json"): Promise<void> =>
  put(name, JSON.stringify({ metadata: { total_size: 1 }, weight_map: map }));
const shard = (i: number): string => `model-0000${i}-of-00002.safetensors`;
async function putShards(first: Record<string, Tensor>, second: Record<string, Tensor>): Promise<void> {
  await saveSafetensorsFile(first, join(folder, shard(1)));
  await saveSafetensorsFile(second, join(folder, shard(2)));
}
async function plain(state: Record<string, Tensor>): Promise<Record<string, unknown>> {
  return Object.fromEntries(
    await Promise.all(Object.entries(state).map(async ([k, t]) => [k, await t.array()] as const)),
  );
}

it("reads one file of weights and the configuration", async () => {
  await saveSafetensorsFile({ a: ones([2]), b: zeros([1]) }, join(folder, "model.safetensors"));
  await put("config.json", '{"model_type": "resnet", "depths": [3, 4]}');
  const { config, stateDict } = await loadPretrainedFolder(folder);
  expect(config).toEqual({ model_type: "resnet", depths: [3, 4] });
  expect(await plain(stateDict)).toEqual({ a: [1, 1], b: [0] });
  expect(Object.keys((await loadPretrainedFolder(folder, { keys: ["b"] })).stateDict)).toEqual(["b"]);
  await expect(loadPretrainedFolder(folder, { keys: ["c"] })).rejects.toBeInstanceOf(ArgumentError);
});

it("puts shards together in the order of the index, and opens only those that are needed", async () => {
  await putShards({ b: ones([1]), c: ones([2]) }, { a: zeros([1]) });
  await putIndex({ a: shard(2), b: shard(1), c: shard(1) });
  const { config, stateDict } = await loadPretrainedFolder(folder);
  expect([config, Object.keys(stateDict)]).toEqual([null, ["a", "b", "c"]]);
  expect(await plain(stateDict)).toEqual({ a: [0], b: [1], c: [1, 1] });
  await put(shard(2), "damaged");
  expect(Object.keys((await loadPretrainedFolder(folder, { keys: ["c"] })).stateDict)).toEqual(["c"]);
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(FileFormatError);
  await expect(loadPretrainedFolder(folder, { keys: ["d"] })).rejects.toThrow(
    'there is no tensor "d"; the index names 3',
  );
});

it("names what else is in a file of PyTorch, and reads variants", async () => {
  const values = await readFile(
    new URL("../../test/reference/testdata/files/checkpoint.pt", import.meta.url),
  );
  await put("pytorch_model.bin", values);
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(
    'pytorch_model.bin: expected a dictionary of tensors, a state dict, but "state_dict" is none',
  );
  await saveSafetensorsFile({ half: ones([2]) }, join(folder, "model.fp16.safetensors"), { half: true });
  expect(await plain((await loadPretrainedFolder(folder, { variant: "fp16" })).stateDict)).toEqual({
    half: [1, 1],
  });
  await expect(loadPretrainedFolder(folder, { variant: "../fp16" })).rejects.toThrow(
    'variant must be a name such as "fp16"',
  );
  await expect(loadPretrainedFolder(folder, { variant: "fp8" })).rejects.toThrow(
    "expected model.fp8.safetensors",
  );
});

it("reads files of PyTorch, whole and in shards", { timeout: 60_000 }, async (context) => {
  const torch = findTorch();
  if (torch.path === undefined) return context.skip(torch.missing);
  const code = `
import sys, torch
from pathlib import Path
folder = Path(sys.argv[1])
torch.save({"a": torch.arange(2.0), "b": torch.ones(1)}, folder / "pytorch_model.one.bin")
torch.save({"a": torch.arange(2.0)}, folder / "pytorch_model-00001-of-00002.bin")
torch.save({"b": torch.ones(1, dtype=torch.float16)}, folder / "pytorch_model-00002-of-00002.bin")
`;
  const run = spawnSync(torch.path, ["-c", code, folder], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  await putIndex(
    { a: "pytorch_model-00001-of-00002.bin", b: "pytorch_model-00002-of-00002.bin" },
    "pytorch_model.bin.index.json",
  );
  expect(await plain((await loadPretrainedFolder(folder)).stateDict)).toEqual({ a: [0, 1], b: [1] });
  const one = await loadPretrainedFolder(folder, { variant: "one", keys: ["a"] });
  expect(await plain(one.stateDict)).toEqual({ a: [0, 1] });
});

it.each<[string, unknown, RegExp]>([
  ["../secret.safetensors", undefined, /is no plain name of a file/],
  ["/etc/passwd", undefined, /is no plain name/],
  ["a/b.safetensors", undefined, /is no plain name/],
  ["C:\\a.safetensors", undefined, /is no plain name/],
  ["..", undefined, /is no plain name/],
  ["file:secret", undefined, /is no plain name/],
  ["", undefined, /is no plain name/],
  ["", [], /expected an object "weight_map"/],
  ["", null, /expected an object "weight_map"/],
  ["", {}, /the index names no tensor/],
  ["", { a: 7 }, /should be in the file 7/],
])("refuses an index that leads to %j (%j)", async (file, map, message) => {
  await putIndex(map === undefined ? { a: file } : map);
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(message);
  await expect(loadPretrainedFolder(folder)).rejects.toBeInstanceOf(FileFormatError);
});

it("refuses shards that are missing or do not fit the index", async () => {
  await putIndex({ a: shard(1), b: shard(2) });
  await saveSafetensorsFile({ a: ones([1]) }, join(folder, shard(1)));
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(
    `of 2 shards 1 are missing: ${shard(2)}; download the whole model`,
  );
  await putShards({ a: ones([1]) }, { b: ones([1]), a: ones([1]) });
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(
    /holds tensor "a", but .* says that it is in model-00001-of-00002.safetensors: it is in two shards/,
  );
  await putShards({ a: ones([1]) }, { c: ones([1]), b: ones([1]) });
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(/holds tensor "c", but .* does not name it/);
  await putShards({ a: ones([1]) }, { c: ones([1]) });
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(/tensor "b" should be in it by .*, but is not/);
  await put("model.safetensors.index.json", `{"weight_map":{"a":"${shard(1)}","a":"${shard(2)}"}}`);
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(
    'index.json: "a" is named twice; download it again',
  );
});

it("refuses folders without weights, and damaged JSON", async () => {
  await expect(loadPretrainedFolder(join(folder, "none"))).rejects.toThrow("there is no folder");
  await expect(loadPretrainedFolder(folder)).rejects.toThrow(
    "found no weights; expected model.safetensors, model.safetensors.index.json, pytorch_model.bin or",
  );
  await put("config.json", "{");
  await expect(loadPretrainedFolder(folder)).rejects.toThrow("config.json: found no valid JSON");
  await put("config.json", "[]");
  await expect(loadPretrainedFolder(folder)).rejects.toThrow("config.json: expected a JSON object");
  await expect(loadPretrainedFolder(folder, { key: [] } as object)).rejects.toThrow(
    'there is no option "key"',
  );
});

it("follows links, as the hub's cache has them", async () => {
  await mkdir(join(folder, "blobs"));
  await mkdir(join(folder, "snapshot"));
  await saveSafetensorsFile({ a: ones([2]) }, join(folder, "blobs", "0123"));
  await symlink(join("..", "blobs", "0123"), join(folder, "snapshot", "model.safetensors"));
  expect(await plain((await loadPretrainedFolder(join(folder, "snapshot"))).stateDict)).toEqual({
    a: [1, 1],
  });
});

it("reads files that a user chose", async () => {
  const weights = new File([await saveSafetensors({ a: arange(2) })], "model.safetensors");
  const { config, stateDict } = await loadPretrained([weights, new File(['{"x":1}'], "config.json")]);
  expect([config, await plain(stateDict)]).toEqual([{ x: 1 }, { a: [0, 1] }]);
  await expect(loadPretrained([])).rejects.toThrow(
    "source must be the URL of a folder, or a list of its files",
  );
  await expect(loadPretrained("folder" as unknown as URL)).rejects.toBeInstanceOf(ArgumentError);
});

it("reads an address, whole or by ranges", async () => {
  await putShards({ b: ones([1]) }, { a: zeros([1]), c: ones([100]) });
  await putIndex({ a: shard(2), b: shard(1), c: shard(2) });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.range ?? ""}`.trim());
    readFile(join(folder, (request.url ?? "").replace("/model/", ""))).then(
      (bytes) => {
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
        if (range === null) return response.end(request.method === "HEAD" ? "" : bytes);
        const [start, end] = [Number(range[1]), Number(range[2]) + 1];
        response.writeHead(206, { "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}` });
        return response.end(bytes.subarray(start, end));
      },
      () => response.writeHead(404).end("no such file"),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model`);
  try {
    expect(Object.keys((await loadPretrained(base)).stateDict)).toEqual(["a", "b", "c"]);
    expect(asked).toContain(`GET /model/${shard(2)}`);
    asked.length = 0;
    expect(await plain((await loadPretrained(base, { keys: ["a"] })).stateDict)).toEqual({ a: [0] });
    expect(asked.some((line) => line === `GET /model/${shard(2)}`)).toBe(false);
    await rm(join(folder, shard(1)));
    await expect(loadPretrained(base)).rejects.toThrow("of 2 shards 1 are missing");
  } finally {
    server.close();
  }
});
