import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTorch } from "../../test/setup/neighbours.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { damaged, survives, zipOf } from "./files.test-helper.ts";
import { loadTorch, type TorchValue } from "./torch-file.ts";
import { ZipArchive } from "./zip.ts";

const reference = fileURLToPath(new URL("../../test/reference/", import.meta.url));
const saved = (name: string): Uint8Array => readFileSync(join(reference, "testdata/files", name));

/** PyTorch's types and what they become. */
const becomes: Readonly<Record<string, string>> = {
  ...{ float64: "float64", float32: "float32", float16: "float32", bfloat16: "float32", uint8: "uint8" },
  ...{ int64: "int32", int32: "int32", int16: "int32", int8: "int32", bool: "bool" },
};

/** A loaded value in the form in which make_torch_files.py writes what it saved. */
async function plain(value: TorchValue): Promise<unknown> {
  if (value instanceof Tensor) {
    const data = await Promise.all([...(await value.data())].map(plain));
    return { $tensor: value.dtype, shape: [...value.shape], data };
  }
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $number: String(value).replace("Infinity", "inf").replace("NaN", "nan") };
  }
  if (value instanceof Uint8Array) return { $bytes: [...value] };
  if (Array.isArray(value)) return Promise.all((value as TorchValue[]).map(plain));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await plain(item)] as const);
  return { $dict: await Promise.all(entries) };
}

/** What stands in the JSON file, with our types, and keys in the order of objects here. */
function wanted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wanted);
  if (typeof value !== "object" || value === null) return value;
  if ("$dict" in value) {
    const entries = (value.$dict as [string, unknown][]).map(([key, item]) => [key, wanted(item)] as const);
    return { $dict: Object.entries(Object.fromEntries(entries)) };
  }
  const tensor = value as { $tensor?: string; shape: unknown; data: unknown[] };
  if (tensor.$tensor === undefined) return value;
  const dtype = becomes[tensor.$tensor.replace("torch.", "")];
  const data = dtype === "bool" ? tensor.data.map(Number) : tensor.data;
  return { ...tensor, $tensor: dtype, data };
}

async function refusal(bytes: Uint8Array): Promise<FileFormatError> {
  const error = await loadTorch(bytes, { source: "w.pt" }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(FileFormatError);
  expect((error as Error).message).toMatch(/^w\.pt: /);
  return error as FileFormatError;
}

/** A file of torch.save with this pickle and these storages. */
const fileOf = (pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array =>
  zipOf({
    "w/data.pkl": pickle,
    ...Object.fromEntries(Object.entries(storages).map(([key, bytes]) => [`w/data/${key}`, bytes])),
  });

/** A pickle from bytes and texts. */
const pickleOf = (...parts: readonly (number | string)[]): Uint8Array =>
  Uint8Array.from(
    Buffer.concat(parts.map((p) => (typeof p === "number" ? Buffer.of(p) : Buffer.from(p, "latin1")))),
  );
const begin = "\x80\x02";

describe("loadTorch", () => {
  it("reads every kind of value that PyTorch wrote", async () => {
    const values = await loadTorch<TorchValue>(saved("values.pt"));
    expect(await plain(values)).toEqual(wanted(JSON.parse(saved("values.json").toString())));
  });

  it("gives the state dict of a model, for loadStateDict", async () => {
    const file = await loadTorch<{ state_dict: Record<string, Tensor>; epoch: number }>(
      saved("checkpoint.pt"),
    );
    expect(file.epoch).toBe(3);
    expect(file.state_dict["0.weight"]?.shape).toEqual([8, 1, 3, 3]);
    expect(file.state_dict["1.num_batches_tracked"]?.dtype).toBe("int32");
  });

  it("pollutes no prototype", async () => {
    const { nested } = await loadTorch<{ nested: object }>(saved("values.pt"));
    expect(Object.getPrototypeOf(nested)).toBe(Object.prototype);
    expect(Object.keys(nested)).toContain("__proto__");
    expect("polluted" in {}).toBe(false);
  });

  it("keeps what is shared: one tensor, and one storage without copies", async () => {
    const bytes = Uint8Array.from(saved("values.pt"));
    const { float32, again, head, tail } = await loadTorch(bytes);
    expect(again).toBe(float32);
    const [a, b] = [await head?.data(), await tail?.data()];
    expect([...(a ?? []), ...(b ?? [])]).toEqual([0, 1, 4, 5]);
  });

  it("reads compressed archives and such with 64-bit sizes, at any alignment", async () => {
    const archive = new ZipArchive(saved("values.pt"), "values.pt");
    const files: Record<string, Uint8Array> = {};
    for (const entry of archive.entries.values()) files[entry.name] = await archive.read(entry);
    const expected = wanted(JSON.parse(saved("values.json").toString()));
    for (const options of [{ deflate: true }, { wide: true }, {}]) {
      const bytes = zipOf(files, options);
      expect(await plain(await loadTorch<TorchValue>(bytes))).toEqual(expected);
      const shifted = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
      expect(await plain(await loadTorch<TorchValue>(shifted))).toEqual(expected);
    }
  });

  it("reads tensors whose type stands beside bytes (PyTorch 2)", async () => {
    const storage = "(X\x07\0\0\0storagectorch.storage\nUntypedStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ";
    const tensor = `ctorch._utils\n_rebuild_tensor_v3\n(${storage}K\0K\x02\x85K\x01\x85\x89}ctorch\nuint16\n}tR.`;
    const file = fileOf(pickleOf(begin, tensor), { 0: new Uint8Array([1, 0, 255, 255]) });
    const value = await loadTorch<Tensor>(file);
    expect([value.dtype, [...(await value.data())]]).toEqual(["int32", [1, 65535]]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["another format", new TextEncoder().encode("{}"), /begins as a zip archive does, .* not with 7b 7d/],
    ["nothing", new Uint8Array(), /not with nothing/],
    ["an archive without a pickle", zipOf({ a: new Uint8Array(1) }), /0 entries \*\/data\.pkl .* entries: a/],
    [
      "big-endian values",
      zipOf({ "w/data.pkl": pickleOf(begin, "N."), "w/byteorder": new TextEncoder().encode("big") }),
      /w\/byteorder says "big"; only little-endian/,
    ],
    ["an empty pickle", fileOf(new Uint8Array()), /protocol 2 or later begins with the byte 0x80/],
    ["a cut pickle", fileOf(pickleOf(begin)), /the pickle is cut off \(at byte 2/],
    ["protocol 6", fileOf(pickleOf(0x80, 6)), /protocol 6 are not read/],
    [
      "eval",
      fileOf(pickleOf(begin, "cbuiltins\neval\n(X\x01\0\0\x001tR.")),
      /function builtins\.eval, .* could run code/,
    ],
    [
      "os.system",
      fileOf(pickleOf(begin, "cposix\nsystem\n.")),
      /posix\.system, .* torch\.save\(model\.state_dict\(\)/,
    ],
    ["an inherited name", fileOf(pickleOf(begin, "cconstructor\nprototype\n.")), /constructor\.prototype/],
    ["INST", fileOf(pickleOf(begin, "(ios\nsystem\n.")), /instruction INST \(0x69\) is not read/],
    ["NEWOBJ", fileOf(pickleOf(begin, "N)\x81.")), /instruction NEWOBJ \(0x81\)/],
    ["BUILD of a tuple", fileOf(pickleOf(begin, ")}b.")), /sets attributes of an object/],
    ["EXT1", fileOf(pickleOf(begin, "\x82\x01.")), /instruction EXT1/],
    ["a byte of no instruction", fileOf(pickleOf(begin, "\xff")), /0xff is no instruction/],
    ["a call of data", fileOf(pickleOf(begin, "N)R.")), /calls what is no function/],
    [
      "a call of a name",
      fileOf(pickleOf(begin, "ctorch\nFloatStorage\n)R.")),
      /torch\.FloatStorage, which is only/,
    ],
    [
      "a name as a value",
      fileOf(pickleOf(begin, "ctorch\nSize\n.")),
      /the top is the Python class or function torch\.Size/,
    ],
    ["an empty stack", fileOf(pickleOf(begin, ".")), /takes a value from an empty stack/],
    ["a closed group", fileOf(pickleOf(begin, "t.")), /closes a group/],
    ["an unknown memo", fileOf(pickleOf(begin, "h\x05.")), /uses value 5 again/],
    ["a list in itself", fileOf(pickleOf(begin, "]q\0h\0a.")), /0 contains itself/],
    [
      "a deep list",
      fileOf(pickleOf(begin, "]".repeat(500), "a".repeat(499), ".")),
      /more than 100 levels deep/,
    ],
    ["a missing storage", fileOf(pickleOf(begin, tensorText({}))), /entry w\/data\/0 is missing/],
    [
      "a short storage",
      fileOf(pickleOf(begin, tensorText({})), { 0: new Uint8Array(4) }),
      /4 bytes, but .* says 8/,
    ],
    [
      "a window too far",
      fileOf(pickleOf(begin, tensorText({ offset: 1 }))),
      /reaches element 2 .* "0", which has 2/,
    ],
    ["strides too far", fileOf(pickleOf(begin, tensorText({ stride: 2 }))), /reaches element 2/],
    [
      "a negative size",
      fileOf(pickleOf(begin, tensorText({ size: "J\xff\xff\xff\xff" }))),
      /no list of sizes/,
    ],
    [
      "a number of elements that overflows",
      fileOf(pickleOf(begin, tensorText({ size: "\x8a\x07\0\0\0\0\0\0\x1f", stride: 0, twice: true }))),
      /more than 2\^53 - 1 elements/,
    ],
    [
      "a lazy negation",
      fileOf(pickleOf(begin, tensorText({ metadata: "}X\x03\0\0\0neg\x88s" }))),
      /resolve_neg\(\)/,
    ],
    [
      "a bool that is neither",
      fileOf(pickleOf(begin, tensorText({ type: "Bool" })), { 0: new Uint8Array([1, 2]) }),
      /tensor "the top" is BOOL but holds the byte 2/,
    ],
  ])("refuses %s", async (_, bytes, message) => {
    expect((await refusal(bytes)).message).toMatch(message);
  });

  it("refuses what are no bytes", async () => {
    await expect(loadTorch("model.pt" as never)).rejects.toThrow(
      'loadTorch: bytes is the text "model.pt"; pass the file\'s bytes as a Uint8Array; loadTorchFile(path) of tatamijs/node ' +
        "reads a file",
    );
    await expect(loadTorch(new ArrayBuffer(4) as never)).rejects.toThrow(
      "loadTorch: bytes is an ArrayBuffer; pass new Uint8Array(buffer)",
    );
    await expect(loadTorch(new Uint8Array(), { name: "x" } as never)).rejects.toThrow(ArgumentError);
  });

  it("refuses tensors that would fill the memory", async () => {
    const huge = fileOf(pickleOf(begin, tensorText({ size: "J\0\0\0\x40", stride: 0 })), {
      0: new Uint8Array(8),
    });
    expect((await refusal(huge)).message).toMatch(
      /shape \[1073741824\] repeats the elements .* t\.clone\(\)/,
    );
    const some = fileOf(pickleOf(begin, tensorText({ size: "M\0\x10", stride: 0 })), {
      0: new Uint8Array(8),
    });
    expect((await loadTorch<Tensor>(some)).shape).toEqual([4096]);
    const many = `]${`(${tensorText({ size: "J\0\0\x02\0", stride: 0 }).slice(0, -1)}e`.repeat(200)}.`;
    expect((await refusal(fileOf(pickleOf(begin, many), { 0: new Uint8Array(8) }))).message).toMatch(
      /repeats/,
    );
  });

  it("does not grow where one value is used many times", async () => {
    // Each list holds the one before twice: 2^60 values, if they were told one by one.
    let pickle = `${begin}]q\0`;
    for (let i = 1; i <= 60; i++)
      pickle += `]q${String.fromCharCode(i)}(h${String.fromCharCode(i - 1)}h${String.fromCharCode(i - 1)}e`;
    const list = await loadTorch<TorchValue[]>(fileOf(pickleOf(`${pickle}.`)));
    expect(list[0]).toBe(list[1]);
  });

  it("survives 20,000 damaged files", { timeout: 120_000 }, async () => {
    const whole = Uint8Array.from(saved("values.pt"));
    const archive = new ZipArchive(whole, "values.pt");
    const files: Record<string, Uint8Array> = {};
    for (const entry of archive.entries.values()) files[entry.name] = await archive.read(entry);
    const pickle = files["values/data.pkl"] ?? files["archive/data.pkl"];
    const name = Object.keys(files).find((key) => key.endsWith("/data.pkl")) ?? "";
    // Half of them are damaged inside of the pickle, where no checksum tells.
    const result = await survives(
      20_000,
      (next, i) =>
        i % 2 === 0 ? damaged(whole, next) : zipOf({ ...files, [name]: damaged(pickle as Uint8Array, next) }),
      (bytes) => loadTorch(bytes),
    );
    expect(result.refused).toBeGreaterThan(10_000);
    expect(result.accepted).toBeGreaterThan(100);
  });
});

/** The pickle of one tensor of two elements, or of what is asked for. */
function tensorText(o: {
  offset?: number;
  size?: string;
  stride?: number;
  type?: string;
  twice?: boolean;
  metadata?: string;
}): string {
  const { offset = 0, size = "K\x02", stride = 1, type = "Float", twice = false, metadata = "" } = o;
  const byte = (n: number): string => `K${String.fromCharCode(n)}`;
  const storage = `(X\x07\0\0\0storagectorch\n${type}Storage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQ`;
  const dims = twice
    ? [`${size}${size}\x86`, `${byte(stride)}${byte(stride)}\x86`]
    : [`${size}\x85`, `${byte(stride)}\x85`];
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${byte(offset)}${dims.join("")}\x89}${metadata}tR.`;
}

const torch = findTorch();

describe("files of the PyTorch that is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "tatami-torch-"));
  const made = (name: string): Uint8Array => readFileSync(join(folder, name));
  beforeAll(() => {
    if (torch.path)
      execFileSync(torch.path, [join(reference, "make_torch_files.py"), folder], { stdio: "ignore" });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("reads values, optimizers and protocol 4", async (context) => {
    if (torch.missing) context.skip(torch.missing);
    for (const [file, values] of [
      ["values.pt", "values.json"],
      ["protocol-4.pt", "values.json"],
      ["optimizer.pt", "optimizer.json"],
    ] as const) {
      const expected = wanted(JSON.parse(made(values).toString()));
      expect(await plain(await loadTorch<TorchValue>(made(file))), file).toEqual(expected);
    }
  });

  it("refuses what is no data, in words", async (context) => {
    if (torch.missing) context.skip(torch.missing);
    const words: Readonly<Record<string, RegExp>> = {
      "old.pt": /format of PyTorch before 1\.6.* torch\.save\(torch\.load\(path\), path\)/,
      "hostile.pt": /(posix|nt)\.system, which is not data and could run code; save plain values in Python/,
      "class.pt": /__main__\.Plain/,
      "module.pt": /torch\.nn\.modules\.container\.Sequential, .* torch\.save\(model\.state_dict\(\)/,
      "complex.pt": /torch\.ComplexFloatStorage is complex numbers; save t\.real/,
      "sparse.pt": /a sparse tensor; save t\.to_dense\(\)/,
      "quantized.pt": /a quantized tensor; save t\.dequantize\(\)/,
      "wide.pt": /tensor "count" holds the I64 value 2147483648, which does not fit int32/,
      "expanded.pt": /tensor "big" of shape \[1000000000\] repeats/,
      "tuple-key.pt": /has a tuple as a key/,
      "same-key.pt": /two keys that are both "1"/,
      "numpy.pt": /numpy\./,
      "script.pt": /TorchScript program, not weights/,
    };
    for (const [name, message] of Object.entries(words)) {
      expect((await refusal(made(name))).message, name).toMatch(message);
    }
  });
});
