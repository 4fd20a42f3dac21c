import { describe, expect, it } from "vitest";
import { FileFormatError } from "../base/errors.ts";
import { damaged, survives, zipOf } from "./files.test-helper.ts";
import { ZipArchive } from "./zip.ts";

const files = {
  "a.txt": new TextEncoder().encode("hello hello hello hello"),
  "folder/空": Uint8Array.from({ length: 3000 }, (_, i) => i % 7),
  empty: new Uint8Array(),
};

async function unpacked(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  const archive = new ZipArchive(bytes, "a.zip");
  const out: Record<string, Uint8Array> = {};
  for (const entry of archive.entries.values()) out[entry.name] = await archive.read(entry);
  return out;
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await unpacked(bytes).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(FileFormatError);
  return (error as Error).message;
}

/** A copy with a number put in: at a place counted from the first appearance of a signature. */
function patched(
  bytes: Uint8Array,
  signature: number,
  at: number,
  width: 1 | 2 | 4,
  value: number,
): Uint8Array {
  const out = Buffer.from(bytes);
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(signature);
  out.writeUIntLE(value, out.indexOf(mark) + at, width);
  return Uint8Array.from(out);
}

const central = 0x02014b50;
const end = 0x06054b50;

describe("ZipArchive", () => {
  it.each([
    ["stored", {}],
    ["deflated", { deflate: true }],
    ["with 64-bit sizes", { wide: true }],
    [
      "deflated with 64-bit sizes and a comment",
      { deflate: true, wide: true, comment: "PK\u0005\u0006 or not" },
    ],
  ])("reads entries that are %s", async (_, options) => {
    expect(await unpacked(zipOf(files, options))).toEqual(files);
  });

  it("reads an archive inside of a larger buffer, and gives stored entries without a copy", async () => {
    const bytes = zipOf(files);
    const larger = new Uint8Array(bytes.length + 5);
    larger.set(bytes, 3);
    const inside = larger.subarray(3, 3 + bytes.length);
    const found = await unpacked(inside);
    expect(found).toEqual(files);
    expect(found["a.txt"]?.buffer).toBe(larger.buffer);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["no archive", new Uint8Array(100), /end record of a zip archive is missing/],
    ["nothing", new Uint8Array(), /end record of a zip archive is missing/],
    ["a lost end", zipOf(files).slice(0, -1), /end record of a zip archive is missing/],
    ["what follows the end", Uint8Array.from([...zipOf(files), 0]), /end record of a zip archive is missing/],
    ["encryption", patched(zipOf(files), central, 8, 2, 1), /"a.txt" is encrypted; .* without a password/],
    ["another method", patched(zipOf(files), central, 10, 2, 14), /packed by method 14; only stored \(0\)/],
    ["a part of several", patched(zipOf(files), end, 4, 2, 2), /one part of several/],
    ["a wrong count", patched(zipOf(files), end, 10, 2, 4), /says 4 entries but holds 3/],
    ["a wrong checksum", patched(zipOf(files), central, 16, 4, 1), /"a.txt" does not match its checksum/],
    ["a wrong place", patched(zipOf(files), central, 42, 4, 7), /does not begin where the directory says/],
    ["a stored size of its own", patched(zipOf(files), central, 24, 4, 22), /cannot hold 22 bytes in 23/],
    ["a size without its field", patched(zipOf(files), central, 24, 4, 0xffffffff), /lacks its 64-bit size/],
    [
      "a bomb",
      patched(zipOf(files, { deflate: true }), central, 24, 4, 2 ** 31),
      /cannot hold 2147483648 bytes/,
    ],
    [
      "too long data",
      patched(zipOf(files, { deflate: true }), central, 24, 4, 5),
      /unpack to 5 bytes, but gives more/,
    ],
    [
      "too short data",
      patched(zipOf(files, { deflate: true }), central, 24, 4, 99),
      /99 bytes, but gives only 23/,
    ],
    [
      "broken deflate",
      patched(zipOf(files, { deflate: true }), 0x04034b50, 35, 1, 0xff),
      /not valid deflate data/,
    ],
    [
      "an overlap",
      patched(patched(zipOf(files), central, 20, 4, 60), central, 24, 4, 60),
      /reaches into what follows/,
    ],
    [
      "a directory out of place",
      patched(zipOf(files), end, 16, 4, 1e6),
      /does not fit before its end record/,
    ],
  ])("refuses %s", async (_, bytes, message) => {
    const text = await refusal(bytes);
    expect(text).toMatch(message);
    expect(text).toMatch(/^a\.zip: .*\(at byte \d+\)$/);
  });

  it("refuses two entries of one name", async () => {
    const bytes = Buffer.from(zipOf({ ab: new Uint8Array(1), cd: new Uint8Array(1) })).toString("latin1");
    const text = await refusal(Uint8Array.from(Buffer.from(bytes.replaceAll("cd", "ab"), "latin1")));
    expect(text).toMatch(/names "ab" twice/);
  });

  it("survives 20,000 damaged archives", { timeout: 120_000 }, async () => {
    const whole = [
      zipOf(files, { deflate: true }),
      zipOf(files, { wide: true }),
      zipOf({ a: files["a.txt"] }),
    ];
    const result = await survives(
      20_000,
      (next, i) => damaged(whole[i % whole.length] as Uint8Array, next),
      async (bytes) => void (await unpacked(bytes)),
    );
    expect(result.refused).toBeGreaterThan(10_000);
    expect(result.accepted).toBeGreaterThan(100);
  });
});
