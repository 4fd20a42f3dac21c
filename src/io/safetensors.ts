/**
 * The safetensors format, on bytes alone: no files and no tensors here. The reader trusts nothing that it
 * reads and refuses every file that the format forbids; the writer lays files out as the reference
 * implementation does (wide element types first, then by name, header padded with spaces to 8 bytes), so
 * equal content gives equal bytes.
 *
 * Layout: 8 bytes little-endian header size N, N bytes of JSON (`name -> { dtype, shape, data_offsets }`,
 * with the offsets counted from the end of the header), then the values of all tensors without gaps.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import { byteSize } from "../base/dtype.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import { findDuplicateKey } from "./json-keys.ts";
import type { FileDTypeName } from "./safetensors-values.ts";
import { decodeValues, fileDTypes, isFileDType, toHalves } from "./safetensors-values.ts";

/** The values of one tensor on the host, row-major. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

/**
 * What a file holds: tensors by name, in the order of their values in the file, and the free text beside
 * them.
 */
export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Map<string, string>;
}

const metadataKey = "__metadata__";

/** The reference implementation's limit; a larger header is an attack or a damaged size. */
const largestHeader = 100_000_000;

/** Names of our types in the file. Their order is the one in which the writer places tensors. */
const dtypeNames: Record<DType, string> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};
const writeOrder = [...Object.values(dtypeNames).slice(0, 3), "F16", "U8", "BOOL"];

/** How values are written. */
export interface EncodeOptions {
  /**
   * Store float32 and float64 values as `F16`: a quarter to a half of the size, 11 significant bits, infinite beyond 65504.
   * They are read back as float32. Default false.
   */
  readonly half?: boolean;
}

/**
 * Writes tensors as a safetensors file.
 *
 * @param entries Tensors by name; `data.length` must be the product of `shape`.
 * @param metadata Free text stored beside them, for example `{ format: "pt" }`. Default: none.
 * @param options.half Store floats as 16-bit floats. Default false.
 * @returns The bytes of the file.
 *
 * @throws ArgumentError when an entry's data does not fit its shape, or a name is the reserved `__metadata__`
 * @example
 * const bytes = io.encodeSafetensors(
 *   new Map([["weight", { dtype: "float32", shape: [2], data: new Float32Array([1, 2]) }]]),
 * );
 * io.loadSafetensors(bytes); // { weight: [1, 2] }
 */
export function encodeSafetensors(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
  { half = false }: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  for (const [name, entry] of entries) checkEntry(name, entry);
  const sorted = [...entries]
    .map(([name, entry]) => ({ name, shape: entry.shape, ...fileValues(entry, half) }))
    .sort(
      (a, b) =>
        writeOrder.indexOf(a.fileDType) - writeOrder.indexOf(b.fileDType) ||
        compareCodePoints(a.name, b.name),
    );
  // Built as text, since an object would reorder names that look like integers ("0", "1").
  const fields = Object.keys(metadata).length > 0 ? [`"${metadataKey}":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const { name, shape, fileDType, data } of sorted) {
    const begin = end;
    end += data.byteLength;
    const info = { dtype: fileDType, shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerSize = Math.ceil(header.length / 8) * 8;

  const file = new Uint8Array(8 + headerSize + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerSize), true);
  file.fill(0x20, 8, 8 + headerSize);
  file.set(header, 8);
  let offset = 8 + headerSize;
  for (const { data } of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/** Values as they stand in the file, and their type there. */
function fileValues(
  { dtype, data }: SafetensorsEntry,
  half: boolean,
): { readonly fileDType: string; readonly data: TypedArray | Uint16Array } {
  if (half && (dtype === "float32" || dtype === "float64")) return { fileDType: "F16", data: toHalves(data) };
  return { fileDType: dtypeNames[dtype], data };
}

function checkEntry(name: string, { dtype, shape, data }: SafetensorsEntry): void {
  if (name === metadataKey) {
    throw new ArgumentError(
      `encodeSafetensors: "${metadataKey}" is reserved by the format; rename that tensor`,
      { name },
    );
  }
  const bytes = sizeOf(shape) * byteSize(dtype);
  if (data.byteLength !== bytes) {
    throw new ArgumentError(
      `encodeSafetensors: tensor "${name}" of shape ${formatShape(shape)} and dtype ${dtype} needs ` +
        `${bytes} bytes, ` +
        `but its data has ${data.byteLength}`,
      { name, dtype, shape, byteLength: data.byteLength },
    );
  }
}

/** Order of UTF-8 bytes, which is that of code points; JavaScript's own `<` compares UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/**
 * Reads a safetensors file.
 *
 * `F64 F32 I32 U8 BOOL` keep their type. `F16` and `BF16` become `float32`; `I8 I16 U16 U32 I64 U64` become `int32`,
 * and a value out of its range is an error. Values that need no conversion and are aligned are views of `bytes`.
 *
 * @param bytes The whole file.
 * @param source What messages call it, such as a path. Default "safetensors file".
 *
 * @throws FileFormatError naming the reason and the byte offset, for anything that the format forbids
 * @example
 * const bytes = await io.saveSafetensors({ weight: ones([2, 3]) });
 * io.decodeSafetensors(bytes).tensors.get("weight")?.shape; // [2, 3]
 */
export function decodeSafetensors(bytes: Uint8Array, source = "safetensors file"): SafetensorsFile {
  const fail: Fail = (reason, offset, details = {}) => {
    throw new FileFormatError(`${source}: ${reason} (at byte ${offset})`, { source, offset, ...details });
  };
  const headerSize = readHeaderSize(bytes, fail);
  const header = parseHeader(bytes.subarray(8, 8 + headerSize), fail);
  const metadata = readMetadata(header, fail);
  const body = bytes.subarray(8 + headerSize);
  const infos = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => readInfo(name, value, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(infos, body.length, 8 + headerSize, fail);

  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, fileDType, shape, begin, end } of infos) {
    const onError = (reason: string, at: number): never =>
      fail(`tensor "${name}" ${reason}`, 8 + headerSize + begin + at, { name });
    const { dtype, data } = decodeValues(fileDType, body.subarray(begin, end), onError);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

type Fail = (reason: string, offset: number, details?: Record<string, unknown>) => never;

/** One tensor as the header describes it; offsets count from the end of the header. */
interface TensorInfo {
  readonly name: string;
  readonly fileDType: FileDTypeName;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function readHeaderSize(bytes: Uint8Array, fail: Fail): number {
  if (bytes.length < 8) {
    return fail(`the file has ${bytes.length} bytes, too few for the header size of 8 bytes`, 0);
  }
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (size > BigInt(largestHeader)) {
    return fail(
      `the header size ${size} is above the format's limit of ${largestHeader} bytes; is this another ` +
        "format?",
      0,
    );
  }
  if (size > BigInt(bytes.length - 8)) {
    return fail(
      `the header takes ${size} bytes, but the file has only ${bytes.length - 8} after the size; it is ` +
        "cut off",
      0,
    );
  }
  return Number(size);
}

function parseHeader(headerBytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(headerBytes);
  } catch {
    return fail("the header is not valid UTF-8", 8);
  }
  if (!text.startsWith("{"))
    return fail(`the header must begin with "{", not ${JSON.stringify(text.slice(0, 1))}`, 8);
  let header: Record<string, unknown>;
  try {
    // A JSON text that begins with a brace is an object. JSON.parse keeps "__proto__" as an ordinary own key.
    header = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    return fail(`the header is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, 8);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    const offset = 8 + new TextEncoder().encode(text.slice(0, duplicate.index)).length;
    return fail(`the header names ${JSON.stringify(duplicate.key)} twice`, offset, { key: duplicate.key });
  }
  return header;
}

function readMetadata(header: Record<string, unknown>, fail: Fail): Map<string, string> {
  if (!Object.hasOwn(header, metadataKey)) return new Map();
  const value = header[metadataKey];
  if (!isRecord(value)) return fail(`"${metadataKey}" must be an object of strings`, 8);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      return fail(`"${metadataKey}" must hold strings, but ${JSON.stringify(key)} is not one`, 8);
    metadata.set(key, text);
  }
  return metadata;
}

function readInfo(name: string, value: unknown, fail: Fail): TensorInfo {
  const bad = (reason: string): never => fail(`tensor ${JSON.stringify(name)} ${reason}`, 8, { name });
  if (!isRecord(value)) return bad("must be described by an object with dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isFileDType(dtype)) {
    return bad(
      `has dtype ${JSON.stringify(dtype)}, which is not supported; known are ` +
        `${Object.keys(fileDTypes).join(", ")}`,
    );
  }
  if (!isSizeList(shape))
    return bad(`has shape ${JSON.stringify(shape)}; sizes must be integers from 0 to 2^53 - 1`);
  if (!isSizeList(offsets) || offsets.length !== 2) {
    return bad(`has data_offsets ${JSON.stringify(offsets)}; expected two integers from 0 to 2^53 - 1`);
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) return bad(`has data_offsets [${begin}, ${end}], which end before they begin`);
  const expected = sizeOf(shape) * fileDTypes[dtype].bytes;
  if (!Number.isSafeInteger(expected))
    return bad(`has shape ${formatShape(shape)}, more than 2^53 - 1 bytes`);
  if (end - begin !== expected) {
    return bad(
      `of shape ${formatShape(shape)} and dtype ${dtype} takes ${expected} bytes, but its data_offsets ` +
        `span ${end - begin}`,
    );
  }
  return { name, fileDType: dtype, shape, begin, end };
}

/**
 * The tensors must cover the body exactly once: no overlap and no hole, in which other content could hide.
 */
function checkCoverage(infos: readonly TensorInfo[], bodySize: number, bodyStart: number, fail: Fail): void {
  let reached = 0;
  for (const { name, begin, end } of infos) {
    if (begin !== reached) {
      const what =
        begin < reached
          ? "overlaps the one before it"
          : `leaves a hole of ${begin - reached} bytes before it`;
      fail(`tensor ${JSON.stringify(name)} ${what}`, bodyStart + Math.min(begin, reached), { name });
    }
    if (end > bodySize) {
      fail(
        `tensor ${JSON.stringify(name)} ends at byte ${end} of the values, but only ${bodySize} follow ` +
          "the header; " +
          "the file is cut off",
        bodyStart + bodySize,
        { name },
      );
    }
    reached = end;
  }
  if (reached !== bodySize) fail(`${bodySize - reached} bytes belong to no tensor`, bodyStart + reached);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
