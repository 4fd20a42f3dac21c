import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FileFormatError } from "../base/errors.ts";
import { decodeIdx, readIdx } from "./idx.ts";

/** An IDX file from its parts. */
function idx(code: number, dims: number[], values: number[]): Uint8Array {
  const sizes = dims.flatMap((n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return new Uint8Array([0, 0, code, dims.length, ...sizes, ...values]);
}

describe("readIdx", () => {
  it("reads bytes, gzipped or not, at any place of a buffer", async () => {
    const bytes = idx(8, [2, 1, 3], [1, 2, 3, 253, 254, 255]);
    const expected = { dtype: "uint8", shape: [2, 1, 3], data: new Uint8Array([1, 2, 3, 253, 254, 255]) };
    expect(await readIdx(bytes, "x")).toEqual(expected);
    expect(await readIdx(gzipSync(bytes), "x")).toEqual(expected);
    expect(decodeIdx(new Uint8Array([9, ...bytes]).subarray(1), "x")).toEqual(expected);
  });

  it("reads big-endian numbers of every type", () => {
    expect(decodeIdx(idx(0x09, [2], [1, 255]), "x").data).toEqual(new Int32Array([1, -1]));
    expect(decodeIdx(idx(0x0b, [2], [1, 0, 255, 254]), "x").data).toEqual(new Int32Array([256, -2]));
    expect(decodeIdx(idx(0x0c, [1], [0, 0, 1, 2]), "x").data).toEqual(new Int32Array([258]));
    expect(decodeIdx(idx(0x0d, [1], [0x3f, 0x80, 0, 0]), "x").data).toEqual(new Float32Array([1]));
    expect(decodeIdx(idx(0x0e, [1], [0xc0, 0, 0, 0, 0, 0, 0, 0]), "x").data).toEqual(new Float64Array([-2]));
  });

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "a.gz: found 0 bytes, expected at least the 4 of an IDX header"],
    [
      "another format",
      new TextEncoder().encode("<!DOCTYPE html>"),
      "found the magic number 0x3c21444f, expected 0x0000TTDD",
    ],
    ["an unknown type", idx(0x0a, [1], [0]), "found the magic number 0x00000a01"],
    [
      "cut sizes",
      idx(8, [5, 5], []).subarray(0, 9),
      "found 9 bytes, expected at least 12 for the sizes of 2 dimensions",
    ],
    [
      "cut values",
      idx(8, [2, 2], [1, 2, 3]),
      "found 3 bytes of values, expected 4 for [2, 2] of unsigned byte; the file is cut off",
    ],
    [
      "more than it says",
      idx(8, [1], [1, 2]),
      "found 2 bytes of values, expected 1 for [1] of unsigned byte; something was appended",
    ],
    ["sizes beyond any file", idx(8, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), "the file is cut off"],
    ["cut gzip data", gzipSync(idx(8, [2], [1, 2])).subarray(0, 15), "found damaged gzip data"],
  ])("refuses %s", async (_, bytes, message) => {
    const attempt = readIdx(bytes, "a.gz");
    await expect(attempt).rejects.toThrow(FileFormatError);
    await expect(attempt).rejects.toThrow(message);
  });
});
