import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DType, TypedArray } from "../base/dtype.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsEntry } from "./safetensors.ts";
import { loadSafetensors, saveSafetensors, type TensorDict } from "./tensor-dict.ts";

function entry(dtype: DType, shape: number[], data: TypedArray): SafetensorsEntry {
  return { dtype, shape, data };
}

/** A file from raw header text and values. */
function file(header: string, body: ArrayLike<number> = [], declaredSize?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, declaredSize ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

function one(
  dtype: string,
  shape: unknown,
  body: ArrayLike<number>,
  offsets: unknown = [0, body.length],
): Uint8Array {
  return file(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }), body);
}

function refusal(bytes: Uint8Array): FileFormatError {
  try {
    decodeSafetensors(bytes, "w.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError);
    return error as FileFormatError;
  }
  throw new Error("the file was accepted");
}

describe("encodeSafetensors", () => {
  it("writes the bytes of the reference implementation", () => {
    const bytes = encodeSafetensors(
      new Map([
        ["b", entry("uint8", [1], new Uint8Array([7]))],
        ["a", entry("float32", [2], new Float32Array([1, -2]))],
      ]),
    );
    const header =
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(bytes).toEqual(file(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7]));
  });

  it("places wide types first, then sorts names by UTF-8 bytes", () => {
    const scalar = (dtype: DType, array: TypedArray): SafetensorsEntry => entry(dtype, [], array);
    const bytes = encodeSafetensors(
      new Map([
        ["flag", scalar("bool", new Uint8Array(1))],
        ["\u{1f600}", scalar("int32", new Int32Array(1))],
        ["\uff41", scalar("int32", new Int32Array(1))],
        ["10", scalar("float32", new Float32Array(1))],
        ["wide", scalar("float64", new Float64Array(1))],
        ["byte", scalar("uint8", new Uint8Array(1))],
      ]),
    );
    expect([...decodeSafetensors(bytes).tensors.keys()]).toEqual([
      "wide",
      "10",
      "\uff41",
      "\u{1f600}",
      "byte",
      "flag",
    ]);
  });

  it("refuses data that does not fit the shape, and the reserved name", () => {
    const values = entry("float32", [3], new Float32Array(2));
    expect(() => encodeSafetensors(new Map([["w", values]]))).toThrow(
      'encodeSafetensors: tensor "w" of shape [3] and dtype float32 needs 12 bytes, but its data has 8',
    );
    const fine = entry("float32", [2], new Float32Array(2));
    expect(() => encodeSafetensors(new Map([["__metadata__", fine]]))).toThrow(ArgumentError);
  });

  it("refuses texts that no reader of the format would take", () => {
    const fine = entry("float32", [0], new Float32Array(0));
    const half = 'encodeSafetensors: "\\ud800" has half of a character in it';
    expect(() => encodeSafetensors(new Map([["\ud800", fine]]))).toThrow(half);
    expect(() => encodeSafetensors(new Map(), { a: "\ud800" })).toThrow(half);
    expect(() => encodeSafetensors(new Map(), { epoch: 3 } as unknown as Record<string, string>)).toThrow(
      'metadata holds texts only, but "epoch" is number; use String(value)',
    );
    expect(() => encodeSafetensors(new Map(), { a: "x".repeat(100_000_001) })).toThrow(
      /names and metadata take 1000000\d\d bytes, above the format's limit of 100000000/,
    );
  });
});

describe("decodeSafetensors", () => {
  it("gives back every type, shape, name and metadata", () => {
    const entries = new Map([
      ["__proto__", entry("float32", [2, 2], new Float32Array([1, Number.NaN, -0, Infinity]))],
      ["空", entry("float64", [1], new Float64Array([Math.PI]))],
      ['quote"\\', entry("int32", [2], new Int32Array([-2147483648, 2147483647]))],
      ["empty", entry("uint8", [0, 3], new Uint8Array(0))],
      ["flags", entry("bool", [], new Uint8Array([1]))],
    ]);
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(entries, { format: "pt", "{": "}" }));
    expect(new Map([...tensors].sort())).toEqual(new Map([...entries].sort()));
    expect(metadata).toEqual(
      new Map([
        ["format", "pt"],
        ["{", "}"],
      ]),
    );
  });

  it("survives any names and lengths", () => {
    const arrays = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.float32Array()));
    fc.assert(
      fc.property(arrays, (list) => {
        const entries = new Map(
          list.map(([name, data]) => [`t${name}`, entry("float32", [data.length], data)]),
        );
        const { tensors } = decodeSafetensors(encodeSafetensors(entries));
        expect(tensors.size).toBe(entries.size);
        for (const [name, { data }] of entries) expect(tensors.get(name)?.data).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });

  it("reads values at any alignment of the surrounding buffer", () => {
    const bytes = encodeSafetensors(new Map([["w", entry("float64", [2], new Float64Array([1.5, 2.5]))]]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(shifted.subarray(1)).tensors.get("w")?.data).toEqual(
      new Float64Array([1.5, 2.5]),
    );
  });

  it("reads a Buffer, whose slices share memory, at any alignment", () => {
    const bytes = encodeSafetensors(new Map([["w", entry("float64", [2], new Float64Array([1.5, 2.5]))]]));
    for (let shift = 0; shift < 8; shift++) {
      const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
      expect(decodeSafetensors(whole.subarray(shift)).tensors.get("w")?.data).toEqual(
        new Float64Array([1.5, 2.5]),
      );
    }
  });

  it("converts half precision", () => {
    const halves = new Uint16Array([
      0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x7c00, 0xfc00, 0x7e00, 0x8000, 0x3555,
    ]);
    const { dtype, data } =
      decodeSafetensors(one("F16", [10], new Uint8Array(halves.buffer))).tensors.get("w") ?? {};
    expect(dtype).toBe("float32");
    expect(data).toEqual(
      new Float32Array([
        1,
        -2,
        65504,
        2 ** -24,
        1023 * 2 ** -24,
        Infinity,
        -Infinity,
        Number.NaN,
        -0,
        0.333251953125,
      ]),
    );
    const bfloats = new Uint16Array([0x3f80, 0xc040, 0x7f80, 0x0001]);
    expect(
      decodeSafetensors(one("BF16", [4], new Uint8Array(bfloats.buffer))).tensors.get("w")?.data,
    ).toEqual(new Float32Array([1, -3, Infinity, 2 ** -133]));
  });

  it("converts 64-bit integers in range and names the first one that is not", () => {
    const fits = new Uint8Array(new BigInt64Array([-2147483648n, 2147483647n]).buffer);
    expect(decodeSafetensors(one("I64", [2], fits)).tensors.get("w")).toEqual(
      entry("int32", [2], new Int32Array([-2147483648, 2147483647])),
    );
    const error = refusal(one("I64", [2], new Uint8Array(new BigInt64Array([1n, 2147483648n]).buffer)));
    expect(error.message).toMatch(/tensor "w" holds the I64 value 2147483648, which does not fit int32/);
    const header = JSON.stringify({ w: { dtype: "I64", shape: [2], data_offsets: [0, 16] } });
    expect(error.details.offset).toBe(8 + header.length + 8);
    expect(refusal(one("U32", [1], [0, 0, 0, 128])).message).toMatch(/U32 value 2147483648/);
    expect(decodeSafetensors(one("I8", [1], [255])).tensors.get("w")?.data).toEqual(new Int32Array([-1]));
  });

  const two = (a: [number, number], b: [number, number], body: number): Uint8Array =>
    file(
      JSON.stringify({
        a: { dtype: "U8", shape: [a[1] - a[0]], data_offsets: a },
        b: { dtype: "U8", shape: [b[1] - b[0]], data_offsets: b },
      }),
      new Uint8Array(body),
    );
  const twice = '{"é":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u00e9" :{}}';
  it.each<[string, Uint8Array, RegExp, number?]>([
    ["too short", new Uint8Array(5), /has 5 bytes/, 0],
    ["a huge header size", file("{}", [], 100_000_001n), /100000001 is above .* 100000000/, 0],
    ["a header size above 2^53", file("{}", [], 0xffffffffffffffffn), /18446744073709551615 is above/, 0],
    ["a header past the end", file("{}", [], 3n), /header takes 3 bytes, but the file has only 2/, 0],
    ["an empty header", file(""), /must begin with "\{"/, 8],
    ["an array header", file("[]"), /must begin with "\{", not "\["/, 8],
    ["broken JSON", file('{"a":'), /not valid JSON/, 8],
    ["broken UTF-8", new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d]), /not valid UTF-8/, 8],
    ["a duplicate name", file(twice), /names "é" twice/, 8 + 54],
    ["a duplicate field", file('{"a":{"dtype":"U8","dtype":"F32"}}'), /names "dtype" twice/],
    ["a non-object tensor", file('{"a":1}'), /tensor "a" must be described by an object/],
    ["a hostile __proto__", file('{"__proto__":{"dtype":"U8"}}'), /tensor "__proto__" has shape undefined/],
    ["non-string metadata", file('{"__metadata__":{"a":1}}'), /must hold strings, but "a"/],
    [
      "an unknown dtype",
      one("F128", [1], [0]),
      /has dtype "F128", which the format does not know; it knows F4/,
    ],
    ["a dtype named like a method", one("toString", [1], [0]), /has dtype "toString", which the format/],
    ["a negative size", one("U8", [-1], []), /has the number -1; sizes are whole/],
    ["a fractional size", one("U8", [0.5], []), /has the number 0.5/],
    [
      "a size above 2^53",
      file('{"w":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,0]}}'),
      /has shape/,
    ],
    ["a product above 2^53", one("F32", [2 ** 30, 2 ** 30], []), /or more than 2\^53 - 1/],
    ["offsets backwards", one("U8", [0], [1], [1, 0]), /end before they begin/],
    ["three offsets", one("U8", [1], [1], [0, 1, 2]), /expected two integers/],
    [
      "a wrong byte count",
      one("F32", [2], [0, 0, 0, 0]),
      /of shape \[2\] and dtype F32 takes 8 bytes, .* span 4/,
    ],
    ["values cut off", one("U8", [4], [0, 0], [0, 4]), /ends at byte 4 of the values, but only 2 follow/],
    ["bytes of no tensor", one("U8", [1], [0, 0], [0, 1]), /1 bytes belong to no tensor/],
    ["an overlap", two([0, 3], [2, 4], 4), /tensor "b" overlaps/],
    ["a hole", two([0, 1], [2, 4], 4), /tensor "b" leaves a hole of 1 bytes/],
    ["a hole at the start", one("U8", [1], [0, 0], [1, 2]), /leaves a hole of 1 bytes/],
    ["a bool of 2", one("BOOL", [2], [1, 2]), /holds the byte 2/],
  ])("refuses %s", (_, bytes, message, offset) => {
    const error = refusal(bytes);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^w\.safetensors: /);
    if (offset !== undefined) expect(error.details.offset).toBe(offset);
  });

  it("refuses offsets above 2^53", () => {
    for (const offsets of [
      "[0,9007199254740993]",
      "[9007199254740993,9007199254740993]",
      "[0,18446744073709551616]",
    ]) {
      const header = `{"w":{"dtype":"U8","shape":[0],"data_offsets":${offsets}}}`;
      expect(refusal(file(header)).message).toMatch(/expected two integers from 0 to 2\^53 - 1/);
    }
  });

  it("says what it was given in place of bytes", () => {
    expect(() => decodeSafetensors("w.safetensors" as unknown as Uint8Array)).toThrow(ArgumentError);
    expect(() => loadSafetensors(new ArrayBuffer(8) as unknown as Uint8Array)).toThrow(
      "loadSafetensors: bytes is an ArrayBuffer; pass new Uint8Array(buffer)",
    );
    expect(() => loadSafetensors(new Blob([]) as unknown as Uint8Array)).toThrow(
      "loadSafetensors: bytes is a Blob; pass await readBytes(file)",
    );
    expect(() => loadSafetensors(new Uint8Array(), { path: "a" } as object)).toThrow(
      'there is no option "path"',
    );
  });

  it("refuses a hostile header of a long string without running out of stack", () => {
    const name = "\\n".repeat(2_000_000);
    expect(refusal(file(`{"${name}":1}`)).message).toMatch(/must be described by an object/);
  });

  it("never throws anything but a FileFormatError on damaged files", () => {
    const good = encodeSafetensors(new Map([["w", entry("float32", [2], new Float32Array([1, 2]))]]), {
      a: "b",
    });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          decodeSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it("saveSafetensors names what is no tensor", async () => {
  const refused = (tensors: unknown): Promise<unknown> =>
    saveSafetensors(tensors as TensorDict).catch((error: unknown) => String(error));
  expect(await refused({ "a.b": [1, 2] })).toContain(
    'saveSafetensors: tensors["a.b"] is Array; give tensors by name',
  );
  expect(await refused(new Map())).toContain("saveSafetensors: tensors is Map; give tensors by name");
  expect(await refused(null)).toContain("saveSafetensors: tensors is null");
  expect(await refused(undefined)).toContain("saveSafetensors: tensors is undefined");
});
