/**
 * IDX files, the format of MNIST and its relatives, on bytes alone.
 *
 * Layout: two zero bytes, a type code, the number of dimensions, one big-endian 32-bit size per dimension,
 * and then the values, big-endian and row-major, to the end of the file. Files are usually gzipped.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import { allocate } from "../base/dtype.ts";
import { FileFormatError } from "../base/errors.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import type { HostArray } from "./host-array.ts";

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  /** The type that the values become here. */
  readonly dtype: DType;
  readonly read: (view: DataView, offset: number) => number;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { name: "unsigned byte", bytes: 1, dtype: "uint8", read: (view, at) => view.getUint8(at) }],
  [0x09, { name: "signed byte", bytes: 1, dtype: "int32", read: (view, at) => view.getInt8(at) }],
  [0x0b, { name: "short", bytes: 2, dtype: "int32", read: (view, at) => view.getInt16(at) }],
  [0x0c, { name: "int", bytes: 4, dtype: "int32", read: (view, at) => view.getInt32(at) }],
  [0x0d, { name: "float", bytes: 4, dtype: "float32", read: (view, at) => view.getFloat32(at) }],
  [0x0e, { name: "double", bytes: 8, dtype: "float64", read: (view, at) => view.getFloat64(at) }],
]);

/**
 * Reads an IDX file, gzipped or not.
 *
 * @param bytes The whole file.
 * @param source What messages call it, such as its path.
 * @throws FileFormatError naming the file, what was found, what was expected, and the fix.
 * @example
 * const array = await data.readIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]), "labels");
 * array.data; // [5, 7]
 */
export async function readIdx(bytes: Uint8Array, source: string): Promise<HostArray> {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return decodeIdx(gzipped ? await gunzip(bytes, source) : bytes, source);
}

/** Reads an IDX file that is not compressed; otherwise as {@link readIdx}. */
export function decodeIdx(bytes: Uint8Array, source: string): HostArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type, shape } = readHeader(view, source);
  const start = 4 + 4 * shape.length;
  const expected = sizeOf(shape) * type.bytes;
  if (view.byteLength - start !== expected) {
    const found = view.byteLength - start;
    throw new FileFormatError(
      `${source}: found ${found} bytes of values, expected ${expected} for ${formatShape(shape)} of ` +
        `${type.name}; ` +
        (found < expected
          ? "the file is cut off: download it again"
          : "something was appended: download it again"),
      { source, found, expected, shape },
    );
  }
  return { dtype: type.dtype, shape, data: readValues(view, start, type, sizeOf(shape)) };
}

function readHeader(view: DataView, source: string): { type: ElementType; shape: number[] } {
  if (view.byteLength < 4) {
    throw new FileFormatError(
      `${source}: found ${view.byteLength} bytes, expected at least the 4 of an IDX header; download it ` +
        "again",
      { source, found: view.byteLength },
    );
  }
  const magic = view.getUint32(0);
  const type = elementTypes.get((magic >>> 8) & 0xff);
  if (magic >>> 16 !== 0 || type === undefined) {
    const found = `0x${magic.toString(16).padStart(8, "0")}`;
    throw new FileFormatError(
      `${source}: found the magic number ${found}, expected 0x0000TTDD with a type TT of 08, 09, 0b, 0c, ` +
        "0d or 0e " +
        "(IDX); give an IDX file such as train-images-idx3-ubyte, gzipped or not",
      { source, magic },
    );
  }
  const ndim = magic & 0xff;
  if (view.byteLength < 4 + 4 * ndim) {
    throw new FileFormatError(
      `${source}: found ${view.byteLength} bytes, expected at least ${4 + 4 * ndim} for the sizes of ` +
        `${ndim} dimensions; the file is cut off: download it again`,
      { source, found: view.byteLength, expected: 4 + 4 * ndim },
    );
  }
  return { type, shape: Array.from({ length: ndim }, (_, d) => view.getUint32(4 + 4 * d)) };
}

function readValues(view: DataView, start: number, type: ElementType, length: number): TypedArray {
  // Bytes have no order to swap, and images are large: they stay where they are.
  if (type.dtype === "uint8") return new Uint8Array(view.buffer, view.byteOffset + start, length);
  const values = allocate(type.dtype, length);
  for (let i = 0; i < length; i++) values[i] = type.read(view, start + i * type.bytes);
  return values;
}

/** Unpacks no more than the header says that there is, and a byte: a small file could become a huge one. */
async function gunzip(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    // A copy of the type only: the stream API does not take shared memory, which no file reader gives.
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      length += part.value.length;
      if (length <= wholeSize(parts[0] as Uint8Array)) continue;
      await reader.cancel();
      break;
    }
  } catch (cause) {
    throw new FileFormatError(
      `${source}: found damaged gzip data, expected a complete .gz file; delete it and download it again`,
      { source },
      { cause },
    );
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Bytes of the file that begins so: its header and its values. */
function wholeSize(start: Uint8Array): number {
  const ndim = start[3] ?? 0;
  const type = elementTypes.get(start[2] ?? 0);
  // A header that is wrong is refused as soon as it is there.
  if (type === undefined || start[0] !== 0 || start[1] !== 0) return 0;
  if (start.length < 4 + 4 * ndim) return 4 + 4 * ndim;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const shape = Array.from({ length: ndim }, (_, d) => view.getUint32(4 + 4 * d));
  return 4 + 4 * ndim + sizeOf(shape) * type.bytes;
}
