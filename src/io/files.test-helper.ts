/** What tests of file formats share: zip archives of any form, damaged files, and values as plain data. */
import { deflateRawSync } from "node:zlib";
import { expect } from "vitest";
import { crc32 } from "../base/crc32.ts";
import { FileFormatError } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

/** How an archive is written; wrong values may be put in afterwards. */
export interface ZipOptions {
  readonly deflate?: boolean;
  /** With the fields of the 64-bit extension. */
  readonly wide?: boolean;
  readonly comment?: string;
}

function record(
  size: number,
  fields: readonly (readonly [at: number, bytes: 2 | 4 | 8, value: number])[],
): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, width, value] of fields) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
  }
  return bytes;
}

/** An entry: what stands before its values, the values, and its part of the directory. */
function zipEntry(
  text: string,
  content: Uint8Array,
  offset: number,
  { deflate = false, wide = false }: ZipOptions,
): { readonly file: Buffer; readonly directory: Buffer } {
  const name = Buffer.from(text);
  const packed = deflate ? deflateRawSync(content) : content;
  const [method, check] = [deflate ? 8 : 0, crc32(content)];
  const [size, packedSize] = [content.length, packed.length];
  const local = record(30, [
    ...([
      [0, 4, 0x04034b50],
      [4, 2, 20],
      [8, 2, method],
      [14, 4, check],
    ] as const),
    ...([
      [18, 4, packedSize],
      [22, 4, size],
      [26, 2, name.length],
    ] as const),
  ]);
  const sizes = [
    [0, 2, 1],
    [2, 2, 24],
    [4, 8, size],
    [12, 8, packedSize],
    [20, 8, offset],
  ] as const;
  const extra = wide ? record(28, sizes) : Buffer.alloc(0);
  const central = record(46, [
    ...([
      [0, 4, 0x02014b50],
      [10, 2, method],
      [16, 4, check],
      [28, 2, name.length],
      [30, 2, extra.length],
    ] as const),
    ...([
      [20, 4, wide ? ones : packedSize],
      [24, 4, wide ? ones : size],
      [42, 4, wide ? ones : offset],
    ] as const),
  ]);
  return { file: Buffer.concat([local, name, packed]), directory: Buffer.concat([central, name, extra]) };
}

/** What stands in a field whose value is in the 64-bit extension. */
const ones = 0xffffffff;

/** A zip archive, written by the format's description. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>, options: ZipOptions = {}): Uint8Array {
  const { wide = false, comment = "" } = options;
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [text, content] of Object.entries(files)) {
    const entry = zipEntry(text, content, offset, options);
    parts.push(entry.file);
    directory.push(entry.directory);
    offset += entry.file.length;
  }
  const count = directory.length;
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const wideEnd = record(76, [
    ...([
      [0, 4, 0x06064b50],
      [4, 8, 44],
      [24, 8, count],
      [32, 8, count],
      [40, 8, size],
      [48, 8, offset],
    ] as const),
    ...([
      [56, 4, 0x07064b50],
      [64, 8, offset + size],
      [72, 4, 1],
    ] as const),
  ]);
  const end = record(22, [
    ...([
      [0, 4, 0x06054b50],
      [8, 2, wide ? 0xffff : count],
      [10, 2, wide ? 0xffff : count],
    ] as const),
    ...([
      [12, 4, wide ? ones : size],
      [16, 4, wide ? ones : offset],
      [20, 2, comment.length],
    ] as const),
  ]);
  return Uint8Array.from(
    Buffer.concat([...parts, ...directory, ...(wide ? [wideEnd] : []), end, Buffer.from(comment)]),
  );
}

/** Numbers from 0 to 2^32 - 1, the same for the same seed (mulberry32). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

/** Values at which sizes and offsets go wrong. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A file with one to four damages: bytes changed, numbers put in, pieces cut out, doubled, moved, or the end lost. */
export function damaged(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let i = next(4); i >= 0 && out.length > 0; i--) {
    const at = next(out.length);
    const length = 1 + next(Math.min(64, out.length - at));
    const kind = next(8);
    if (kind < 3) out[at] = next(256);
    else if (kind === 3) out[at] = (out[at] as number) ^ (1 << next(8));
    else if (kind === 4) {
      const view = new DataView(out.buffer);
      const value = edges[next(edges.length)] as number;
      if (at + 4 <= out.length) view.setUint32(at, value, true);
    } else if (kind === 5) out = out.slice(0, at);
    else if (kind === 6) out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + length)]);
    else out = Uint8Array.from([...out.subarray(0, at + length), ...out.subarray(at)]);
  }
  return out;
}

/** Tries a reader on many damaged files. It must give a result that holds together, or a FileFormatError, and soon. */
export async function survives(
  count: number,
  make: (next: (below: number) => number, i: number) => Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  seed = 20260707,
): Promise<{ accepted: number; refused: number }> {
  const next = numbersFrom(seed);
  const before = process.memoryUsage();
  let [accepted, refused, slowest] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const bytes = make(next, i);
    const start = performance.now();
    try {
      await checkWhole(await read(bytes));
      accepted++;
    } catch (error) {
      if (!(error instanceof FileFormatError)) {
        throw new Error(`file ${i} (${Buffer.from(bytes).toString("base64").slice(0, 4000)})`, {
          cause: error,
        });
      }
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
    if (i % 500 === 0) {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      expect(heapUsed - before.heapUsed, "heap").toBeLessThan(2 ** 29);
      expect(arrayBuffers - before.arrayBuffers, "array buffers").toBeLessThan(2 ** 29);
    }
  }
  expect(slowest, "milliseconds of the slowest file").toBeLessThan(5000);
  return { accepted, refused };
}

/** Every tensor has as many values as its shape says. */
async function checkWhole(value: unknown): Promise<void> {
  if (value instanceof Tensor) {
    const size = value.shape.reduce((a, b) => a * b, 1);
    if ((await value.data()).length !== size) throw new Error(`a tensor of ${value.shape} is not whole`);
  } else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const item of Object.values(value)) await checkWhole(item);
  }
}
