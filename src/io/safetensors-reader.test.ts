import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import type { RandomAccess } from "../base/random-access.ts";
import { arange, ones, tensor, zeros } from "../tensor/create.ts";
import { loadSafetensorsFile, openSafetensorsFile, saveSafetensorsFile } from "./node/files.ts";
import { openSafetensors, SafetensorsReader } from "./safetensors-reader.ts";
import { saveSafetensors } from "./tensor-dict.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-reader-"));
});
afterEach(() => rm(folder, { recursive: true }));

const weights = {
  "1": ones([2, 2]),
  "0": arange(3),
  flags: tensor([true, false]),
  wide: zeros([1], { dtype: "float64" }),
};

it("reads tensors one by one, and no byte of the others", async () => {
  const bytes = await saveSafetensors(weights, { metadata: { format: "pt" } });
  const ranges: [number, number][] = [];
  const file: RandomAccess = {
    source: "counted",
    byteLength: bytes.length,
    read: (start, end) => {
      ranges.push([start, end]);
      return Promise.resolve(bytes.slice(start, end));
    },
  };
  const reader = await SafetensorsReader.open(file);
  expect(reader.keys()).toEqual(["wide", "1", "0", "flags"]);
  expect([...reader.metadata]).toEqual([["format", "pt"]]);
  expect(reader.describe("1")).toEqual({ dtype: "F32", shape: [2, 2] });
  expect(await (await reader.getTensor("0")).array()).toEqual([0, 1, 2]);
  expect(ranges.slice(2).map(([start, end]) => end - start)).toEqual([12]);
  const some = await reader.getTensors(["flags", "1"]);
  expect(Object.keys(some)).toEqual(["1", "flags"]);
  expect(await some.flags?.array()).toEqual([true, false]);
  await expect(reader.getTensor("2")).rejects.toThrow(
    'counted: there is no tensor "2"; there are 4: "wide", "1", "0", "flags"',
  );
  await expect(reader.getTensor("2")).rejects.toBeInstanceOf(ArgumentError);
});

it("writes files tensor by tensor that equal those made at once, and reads chosen keys", async () => {
  const path = join(folder, "model.safetensors");
  for (const options of [{}, { half: true }, { metadata: { a: "b" } }]) {
    await saveSafetensorsFile(weights, path, options);
    expect(Buffer.compare(await readFile(path), await saveSafetensors(weights, options))).toBe(0);
  }
  expect(Object.keys(await loadSafetensorsFile(path))).toEqual(["0", "1", "wide", "flags"]);
  const chosen = await loadSafetensorsFile(path, { keys: ["1"] });
  expect([Object.keys(chosen), await chosen["1"]?.array()]).toEqual([
    ["1"],
    [
      [1, 1],
      [1, 1],
    ],
  ]);
  await expect(loadSafetensorsFile(path, { keys: ["2"] })).rejects.toThrow(`${path}: there is no tensor "2"`);
  await expect(loadSafetensorsFile(path, { key: "1" } as object)).rejects.toThrow('there is no option "key"');
  await expect(loadSafetensorsFile(join(folder, "none"))).rejects.toBeInstanceOf(FileFormatError);
});

it("writes the values that tensors have at the call, whatever changes them while the file is written", async () => {
  const path = join(folder, "model.safetensors");
  const [a, b] = [zeros([4]), zeros([4])];
  const saved = saveSafetensorsFile({ a, b }, path);
  a.add_(1);
  b.add_(1);
  await saved;
  const read = await loadSafetensorsFile(path);
  expect([await read.a?.array(), await read.b?.array()]).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
});

it("reads one tensor of a file of several gigabytes without reading the others", async () => {
  const path = join(folder, "large.safetensors");
  // A file with a hole takes no space on the disk.
  const size = 5 * 2 ** 30;
  const header = JSON.stringify({
    huge: { dtype: "U8", shape: [size], data_offsets: [0, size] },
    last: { dtype: "F32", shape: [1], data_offsets: [size, size + 4] },
  });
  const start = new Uint8Array(8 + header.length);
  new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
  start.set(new TextEncoder().encode(header), 8);
  await writeFile(path, start);
  await truncate(path, start.length + size + 4);
  const file = await open(path, "r+");
  await file.write(new Uint8Array(new Float32Array([7]).buffer), 0, 4, start.length + size);
  await file.close();
  const before = process.memoryUsage().arrayBuffers;
  const reader = await openSafetensorsFile(path);
  expect(await (await reader.getTensor("last")).array()).toEqual([7]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

it("refuses a file that has changed since it was opened", async () => {
  const path = join(folder, "model.safetensors");
  await saveSafetensorsFile({ a: ones([2]) }, path);
  const reader = await openSafetensorsFile(path);
  await saveSafetensorsFile({ a: zeros([2]) }, path);
  await expect(reader.getTensor("a")).rejects.toThrow(`${path}: the file has changed since it was opened`);
});

it("converts 8-bit floats, and names types that it does not", async () => {
  const file = (dtype: string, body: number[]): Uint8Array => {
    const header = JSON.stringify({ w: { dtype, shape: [body.length], data_offsets: [0, body.length] } });
    const start = new Uint8Array(8);
    new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
    return Uint8Array.from([...start, ...new TextEncoder().encode(header), ...body]);
  };
  const read = async (dtype: string, body: number[]): Promise<unknown> =>
    (await (await openSafetensors(file(dtype, body))).getTensor("w")).array();
  // Values of the Open Compute Project's specification: largest, smallest, subnormal, NaN.
  expect(await read("F8_E4M3", [0x38, 0x7e, 0xfe, 0x08, 0x01, 0x07, 0x80, 0x7f])).toEqual([
    ...[1, 448, -448, 2 ** -6, 2 ** -9, 7 * 2 ** -9],
    ...[-0, Number.NaN],
  ]);
  expect(await read("F8_E5M2", [0x3c, 0x7b, 0x04, 0x01, 0x7c, 0xfc, 0x7d])).toEqual([
    ...[1, 57344, 2 ** -14, 2 ** -16],
    ...[Infinity, -Infinity, Number.NaN],
  ]);
  await expect(read("F8_E8M0", [1])).rejects.toThrow(
    /tensor "w" has dtype F8_E8M0, which is not converted; known are F64/,
  );
});

it("reads a file that a user chose", async () => {
  const file = new File([await saveSafetensors(weights)], "chosen.safetensors");
  const reader = await openSafetensors(file);
  expect(await (await reader.getTensor("0")).array()).toEqual([0, 1, 2]);
  await expect(openSafetensors(new File(["x"], "short.safetensors"))).rejects.toThrow(
    "short.safetensors: the file has 1 bytes",
  );
});
