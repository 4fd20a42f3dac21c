import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findNumpy } from "../../test/setup/neighbours.ts";
import { type DType, dtypes } from "../base/dtype.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { damaged, survives, zipOf } from "./files.test-helper.ts";
import { loadNpy, loadNpz, saveNpy } from "./npy.ts";

const reference = fileURLToPath(new URL("../../test/reference/", import.meta.url));

/** An .npy file of any header and values. */
function fileOf(header: string, values: ArrayLike<number> = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(version === 1 ? 2 : 4);
  new DataView(length.buffer).setUint16(0, text.length, true);
  return Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    ...length,
    ...text,
    ...Array.from(values),
  ]);
}

const header = (descr: string, shape: string, order = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const values = async (t: Tensor | undefined): Promise<unknown> =>
  t && [t.dtype, [...t.shape], [...(await t.data())]];

function refusal(bytes: Uint8Array): string {
  try {
    loadNpy(bytes, { source: "a.npy" });
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message).toMatch(/^a\.npy: .*\(at byte \d+\)$/);
    return (error as Error).message;
  }
  throw new Error("the file was accepted");
}

describe("saveNpy", () => {
  it("writes the format's bytes", async () => {
    const bytes = await saveNpy(tensor([[1, -2]]));
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".padEnd(117);
    expect(bytes).toEqual(fileOf(`${text}\n`, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
  });

  it.each(dtypes)("gives back %s of every number of dimensions", async (dtype: DType) => {
    for (const shape of [[], [1], [0], [2, 3], [2, 0, 3], [1, 2, 1, 3]]) {
      const t = zeros(shape, { dtype }).add(tensor(1, { dtype }));
      const back = loadNpy(await saveNpy(t));
      expect(await values(back)).toEqual(await values(t));
    }
  });

  it("refuses what is no tensor", async () => {
    await expect(saveNpy([1, 2] as never)).rejects.toThrow(ArgumentError);
  });
});

describe("loadNpy", () => {
  it("reads Fortran order, big-endian values and versions 2 and 3", async () => {
    const fortran = fileOf(header("|u1", "(2, 3)", "True"), [1, 4, 2, 5, 3, 6]);
    expect(await values(loadNpy(fortran))).toEqual(["uint8", [2, 3], [1, 2, 3, 4, 5, 6]]);
    const big = fileOf(header(">i2", "(2,)"), [0xff, 0xfe, 0x01, 0x00]);
    expect(await values(loadNpy(big))).toEqual(["int32", [2], [-2, 256]]);
    for (const version of [2, 3]) {
      expect(await values(loadNpy(fileOf(header("|b1", "(2,)"), [1, 0], version)))).toEqual([
        "bool",
        [2],
        [1, 0],
      ]);
    }
  });

  it("reads values at any alignment of the surrounding buffer", async () => {
    const bytes = fileOf(header("<f8", "(1, 1)", "True"), new Uint8Array(new Float64Array([1.5]).buffer));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(await values(loadNpy(shifted.subarray(3)))).toEqual(["float64", [1, 1], [1.5]]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      "another format",
      new TextEncoder().encode("hello world"),
      /begins with the bytes 93 "NUMPY"; is this another/,
    ],
    ["an archive", zipOf({ "a.npy": new Uint8Array() }), /this is a zip archive: read it with loadNpz/],
    ["version 4", fileOf(header("<f4", "()"), [], 4), /version 4\.0 is not known/],
    ["a cut length", fileOf("").slice(0, 9), /cut off in the length/],
    ["a cut header", fileOf(header("<f4", "()")).slice(0, 30), /header takes \d+ bytes, but only 20 follow/],
    [
      "cut values",
      fileOf(header("<f4", "(2,)"), [0, 0, 0, 0]),
      /takes 8 bytes, but 4 follow the header; .* cut off/,
    ],
    [
      "more values",
      fileOf(header("|u1", "(1,)"), [0, 0]),
      /takes 1 bytes, but 2 follow .* more than one array/,
    ],
    ["objects", fileOf(header("|O", "(1,)")), /"\|O" is an array of Python objects, .* could run code/],
    ["texts", fileOf(header("<U3", "(1,)")), /"<U3" is texts/],
    ["complex numbers", fileOf(header("<c8", "(1,)")), /"<c8" is complex numbers; save a\.real and a\.imag/],
    ["wide floats", fileOf(header("<f16", "()")), /dtype "<f16" is not read; save a\.astype/],
    ["bytes of no type", fileOf(header("|V2", "()")), /dtype "\|V2" is not read/],
    ["a type with more behind it", fileOf(header("<f4x", "()")), /dtype "<f4x" is not read/],
    ["fields", fileOf("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': ()}"), /several fields/],
    [
      "Python",
      fileOf("{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}"),
      /quoted text here, not "__impor/,
    ],
    ["an unknown key", fileOf("{'x': 1}"), /key "x", which the format does not know/],
    ["a repeated key", fileOf("{'descr': '<f4', 'descr': '<f8'}"), /names "descr" twice/],
    ["a missing key", fileOf("{'descr': '<f4', 'shape': ()}"), /lacks fortran_order/],
    ["no dictionary", fileOf("[]"), /should have "\{" here/],
    [
      "text behind the header",
      fileOf("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x"),
      /goes on with "x"/,
    ],
    ["a number as the shape", fileOf(header("<f4", "(3)")), /the shape is no tuple/],
    ["a negative size", fileOf(header("<f4", "(-1,)")), /should have a size here, not "-1/],
    ["a huge size", fileOf(header("<f4", `(${"9".repeat(40)},)`)), /should have a size|is no tuple/],
    [
      "a product that overflows",
      fileOf(header("<f4", "(9007199254740991, 9007199254740991, 0)")),
      /more than 2\^53/,
    ],
    ["many dimensions", fileOf(header("<f4", `(${"1, ".repeat(70)})`)), /more than 64 dimensions/],
    [
      "an integer out of range",
      fileOf(header("<u4", "(1,)"), [0, 0, 0, 0x80]),
      /2147483648, which does not fit int32/,
    ],
    ["a bool of 2", fileOf(header("|b1", "(1,)"), [2]), /holds the byte 2/],
    ["no UTF-8", fileOf("{'descr': '\u00ff'}", [], 3).map((b) => (b === 0xc3 ? 0xff : b)), /not valid UTF-8/],
  ])("refuses %s", (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  it("survives 20,000 damaged files", { timeout: 120_000 }, async () => {
    const whole = [
      fileOf(header("<f4", "(2, 3)"), new Uint8Array(24)),
      fileOf(header(">i8", "(3, 2)", "True"), new Uint8Array(48), 2),
      await saveNpy(tensor([true, false])),
    ];
    const result = await survives(
      20_000,
      (next, i) => damaged(whole[i % whole.length] as Uint8Array, next),
      (bytes) => loadNpy(bytes),
    );
    expect(result.refused).toBeGreaterThan(10_000);
    expect(result.accepted).toBeGreaterThan(100);
  });
});

describe("loadNpz", () => {
  it("refuses a path, as loadNpy does", async () => {
    await expect(loadNpz("a.npz" as never)).rejects.toThrow(
      /^loadNpz: bytes is the text "a\.npz".* loadNpzFile\(path\)/,
    );
    expect(() => loadNpy("a.npy" as never)).toThrow(
      /^loadNpy: bytes is the text "a\.npy".* loadNpyFile\(path\)/,
    );
  });

  it("gives arrays by name, whatever it is", async () => {
    const array = await saveNpy(tensor([7]));
    const arrays = await loadNpz(zipOf({ "__proto__.npy": array, "a/b.npy": array }, { deflate: true }));
    expect(Object.keys(arrays)).toEqual(["__proto__", "a/b"]);
    expect(Object.getPrototypeOf(arrays)).toBe(Object.prototype);
  });

  it("refuses a single array, and archives of something else", async () => {
    await expect(loadNpz(await saveNpy(tensor([7])))).rejects.toThrow(
      /one \.npy array, not an archive; .* loadNpy/,
    );
    await expect(loadNpz(zipOf({ "a.txt": new Uint8Array(1) }))).rejects.toThrow(/"a.txt" is no \.npy array/);
    const objects = fileOf(header("|O", "(1,)"));
    await expect(loadNpz(zipOf({ "a.npy": objects }), { source: "x.npz" })).rejects.toThrow(
      /^x\.npz: a\.npy: dtype "\|O"/,
    );
  });

  it("survives 20,000 damaged files", { timeout: 120_000 }, async () => {
    const array = fileOf(header("<f4", "(2, 3)"), new Uint8Array(24));
    const whole = [zipOf({ "a.npy": array }), zipOf({ "a.npy": array, "b.npy": array }, { deflate: true })];
    const result = await survives(
      20_000,
      (next, i) =>
        i % 2 === 0
          ? damaged(whole[(i >> 1) % whole.length] as Uint8Array, next)
          : zipOf({ "a.npy": damaged(array, next) }),
      (bytes) => loadNpz(bytes),
    );
    expect(result.refused).toBeGreaterThan(10_000);
    expect(result.accepted).toBeGreaterThan(100);
  });
});

const numpy = findNumpy();

describe("files of the NumPy that is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "tatami-numpy-"));
  const made = (name: string): Uint8Array => readFileSync(join(folder, name));
  const python = (code: string): string =>
    execFileSync(numpy.path ?? "", ["-c", code], { cwd: folder, encoding: "utf8" });
  beforeAll(() => {
    if (numpy.path) execFileSync(numpy.path, [join(reference, "make_numpy_files.py"), folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** NumPy's type as ours. */
  const typeHere = (name: string): string => {
    if (["float32", "float64", "uint8", "bool"].includes(name)) return name;
    return name === "float16" ? "float32" : "int32";
  };

  it("reads arrays of all types, orders and versions, one by one and from archives", async (context) => {
    if (numpy.missing) context.skip(numpy.missing);
    type Saved = { dtype: string; shape: number[]; data: (number | boolean | { $number: string })[] };
    const arrays = JSON.parse(made("arrays.json").toString()) as Record<string, Saved>;
    const archives = [await loadNpz(made("all.npz")), await loadNpz(made("packed.npz"))];
    expect(Object.keys(archives[0] ?? {}).length).toBe(Object.keys(arrays).length);
    for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
      const numbers = data.map((x) =>
        typeof x === "object" ? Number(x.$number.replace("inf", "Infinity")) : Number(x),
      );
      const single = ["", "-2", "-3"].map((version) => loadNpy(made(`${name}${version}.npy`)));
      for (const t of [...single, ...archives.map((archive) => archive[name])]) {
        expect(await values(t), name).toEqual([typeHere(dtype), shape, numbers]);
      }
    }
  });

  it("refuses what is no array of numbers", (context) => {
    if (numpy.missing) context.skip(numpy.missing);
    const words: Readonly<Record<string, RegExp>> = {
      "object.npy": /Python objects/,
      "text.npy": /texts/,
      "complex.npy": /complex/,
      "date.npy": /dates/,
      "fields.npy": /several fields/,
      "large.npy": /2147483648, which does not fit int32/,
    };
    for (const [name, message] of Object.entries(words)) expect(refusal(made(name)), name).toMatch(message);
  });

  it("writes the bytes that NumPy writes", async (context) => {
    if (numpy.missing) context.skip(numpy.missing);
    const tensors = dtypes.flatMap((dtype) =>
      [[], [3], [2, 3], [0, 2], [100_000, 1]].map((shape) => zeros(shape, { dtype })),
    );
    for (const [i, t] of tensors.entries()) writeFileSync(join(folder, `ours-${i}.npy`), await saveNpy(t));
    const code = [
      "import io, numpy as np",
      `for i in range(${tensors.length}):`,
      "    a = np.load(f'ours-{i}.npy', allow_pickle=False)",
      "    out = io.BytesIO(); np.save(out, a)",
      "    print(a.dtype.name, list(a.shape), out.getvalue() == open(f'ours-{i}.npy', 'rb').read())",
    ];
    const expected = tensors.map((t) => `${t.dtype} [${t.shape.join(", ")}] True`);
    expect(python(code.join("\n")).trim().split("\n")).toEqual(expected);
  });
});
