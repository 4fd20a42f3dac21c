/** ONNX files whose weights lie in files beside them: read from the model's folder and below it, and from nowhere else. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findOnnx } from "../../../test/setup/neighbours.ts";
import { FileFormatError } from "../../base/errors.ts";
import { manualSeed, nn, randn, type Tensor, tensor } from "../../index.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import { bytesField, intField, intsField, join as joined, messageField, textField } from "../protobuf.ts";
import { exportOnnxFile, importOnnxFile } from "./files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-onnx-"));
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (key: string, value: string): Uint8Array =>
  messageField(13, textField(1, key, true), textField(2, value, true));
const named = (field: number, name: string): Uint8Array => messageField(field, textField(1, name));
const graphOf = (...graph: Uint8Array[]): Uint8Array =>
  joined(intField(1, 8), messageField(7, ...graph), messageField(8, intField(2, 17)));
/** A tensor of two floats in another file. */
const outside = (field: number, location: string, ...more: Uint8Array[]): Uint8Array =>
  messageField(
    field,
    ...[intsField(1, [2]), intField(2, 1), textField(8, "w")],
    ...[entry("location", location), ...more, intField(14, 1)],
  );
const mul = messageField(1, textField(1, "x"), textField(1, "w"), textField(2, "y"), textField(4, "Mul"));
const model = (location: string, ...more: Uint8Array[]): Uint8Array =>
  graphOf(named(11, "x"), outside(5, location, ...more), mul, named(12, "y"));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const load = async (bytes: Uint8Array): Promise<unknown> => {
  await writeFile(join(folder, "model.onnx"), bytes);
  const network = await importOnnxFile(join(folder, "model.onnx"));
  return network(tensor([[1, 10]])).array();
};

it("reads weights beside the model and in folders below, whole or from a place on", async () => {
  await mkdir(join(folder, "more"));
  await writeFile(join(folder, "w.bin"), floats(2, 3));
  await writeFile(join(folder, "more", "..w.bin"), floats(7, 4, 5, 6));
  expect(await load(model("w.bin"))).toEqual([[2, 30]]);
  expect(await load(model("./more/../w.bin"))).toEqual([[2, 30]]);
  expect(await load(model("more/..w.bin", entry("offset", "4"), entry("length", "8")))).toEqual([[4, 50]]);
  // As the cache of the hub has them.
  await writeFile(join(folder, "blob"), floats(8, 9));
  await symlink("blob", join(folder, "link.bin"));
  expect(await load(model("link.bin"))).toEqual([[8, 90]]);
});

it("reads constants of nodes that lie outside, and leaves a place alone that nothing lies at", async () => {
  await writeFile(join(folder, "w.bin"), floats(2, 3));
  const value = messageField(5, textField(1, "value"), outside(5, "w.bin"), intField(20, 4));
  const constant = messageField(1, textField(2, "w"), textField(4, "Constant"), value);
  expect(await load(graphOf(named(11, "x"), constant, mul, named(12, "y")))).toEqual([[2, 30]]);
  const inside = messageField(
    5,
    ...[intsField(1, [2]), intField(2, 1), textField(8, "w"), bytesField(9, floats(4, 5))],
    entry("location", "gone.bin"),
  );
  expect(await load(graphOf(named(11, "x"), inside, mul, named(12, "y")))).toEqual([[4, 50]]);
});

it("refuses places outside of the model's folder, and what is no file", async () => {
  const below = join(folder, "model");
  await mkdir(join(below, "folder"), { recursive: true });
  await writeFile(join(folder, "w.bin"), floats(2, 3));
  await writeFile(join(below, "short.bin"), floats(2));
  const refused = async (location: string, ...more: Uint8Array[]): Promise<string> => {
    await writeFile(join(below, "model.onnx"), model(location, ...more));
    const error = await importOnnxFile(join(below, "model.onnx")).catch((thrown: unknown) => thrown);
    expect(error, location).toBeInstanceOf(FileFormatError);
    return (error as Error).message;
  };
  for (const location of [
    "../w.bin",
    "..",
    "",
    ".",
    "folder/../../w.bin",
    join(folder, "w.bin"),
    "/etc/hostname",
  ]) {
    expect(await refused(location)).toContain(
      `says that weights lie in ${JSON.stringify(location)}; they are read from files in the folder`,
    );
  }
  expect(await refused("gone.bin")).toMatch(
    /has weights in the file "gone.bin" beside it. .*ENOENT.*; keep both/,
  );
  expect(await refused("folder")).toMatch(/folder: the file cannot be read \(it is a folder\)/);
  expect(await refused("short.bin")).toMatch(/tensor "w" of shape \[2\] needs 8 bytes as float32, and has 4/);
  const wrong = (offset: string): Promise<string> =>
    refused("short.bin", entry("offset", offset), entry("length", "8"));
  for (const offset of ["4", "-4", "1e300", "x"])
    expect(await wrong(offset)).toContain('of "short.bin", which has 4');
});

it("says which file is missing, and that a folder is none", async () => {
  await expect(importOnnxFile(join(folder, "none.onnx"))).rejects.toBeInstanceOf(FileFormatError);
  await expect(importOnnxFile(join(folder, "none.onnx"))).rejects.toThrow(
    /none.onnx: the file cannot be read/,
  );
  await expect(importOnnxFile(folder)).rejects.toThrow("the file cannot be read (it is a folder)");
});

it("reads models that the package onnx has taken apart", async (context) => {
  const { path: python, missing } = findOnnx();
  context.skip(python === undefined, missing);
  manualSeed(0);
  const network = new nn.Sequential(
    new nn.Conv2d(1, 3, 3),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(12, 2),
  );
  const images = randn([2, 1, 4, 4]);
  await exportOnnxFile(network, images, join(folder, "whole.onnx"));
  const script = `
import onnx, sys
for name, options in (("one", {"all_tensors_to_one_file": True, "location": "weights.bin"}), ("each", {"all_tensors_to_one_file": False})):
    model = onnx.load("whole.onnx")
    onnx.save_model(model, name + ".onnx", save_as_external_data=True, size_threshold=0, convert_attribute=True, **options)
`;
  execFileSync(python as string, ["-c", script], { cwd: folder });
  expect((await readdir(folder)).length).toBeGreaterThan(5);
  const expected = noGrad(() => network(images) as Tensor);
  for (const name of ["one", "each"]) {
    const again = await importOnnxFile(join(folder, `${name}.onnx`));
    expect(await noGrad(() => again(images)).data()).toEqual(await expected.data());
  }
});
