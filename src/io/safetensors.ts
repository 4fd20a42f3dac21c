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
import { ArgumentError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import { checkBytes } from "./bytes.ts";
import {
  type Fail,
  failFor,
  headerLength,
  isText,
  largestHeader,
  metadataKey,
  parseSafetensorsHeader,
  type TensorInfo,
} from "./safetensors-header.ts";
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
  const plans = [...entries].map(([name, { dtype, shape, data }]) => {
    checkEntry(name, { dtype, shape, data });
    return { name, dtype, shape };
  });
  const { start, order, size } = safetensorsLayout(plans, metadata, half);
  const file = new Uint8Array(start.length + size);
  file.set(start);
  let offset = start.length;
  for (const { name } of order) {
    const bytes = safetensorsBytes(entries.get(name) as SafetensorsEntry, half);
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/** A tensor that is to be written. */
export interface TensorPlan {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * What a file begins with, and the order in which the values of its tensors follow: known before any value is.
 *
 * @returns `size` is that of all values, in bytes.
 * @throws ArgumentError for the name that the format reserves, and for texts that it cannot hold
 */
export function safetensorsLayout(
  plans: readonly TensorPlan[],
  metadata: Readonly<Record<string, string>>,
  half: boolean,
): { readonly start: Uint8Array<ArrayBuffer>; readonly order: readonly TensorPlan[]; readonly size: number } {
  const order = plans
    .map((plan) => ({ ...plan, fileDType: isHalved(plan.dtype, half) ? "F16" : dtypeNames[plan.dtype] }))
    .sort(
      (a, b) =>
        writeOrder.indexOf(a.fileDType) - writeOrder.indexOf(b.fileDType) ||
        compareCodePoints(a.name, b.name),
    );
  for (const [key, text] of Object.entries(metadata)) {
    checkWritable(key);
    if (typeof text !== "string") {
      throw new ArgumentError(
        `encodeSafetensors: metadata holds texts only, but ${JSON.stringify(key)} is ${typeof text}; use String(value)`,
        { key },
      );
    }
    checkWritable(text);
  }
  // Built as text, since an object would reorder names that look like integers ("0", "1").
  const fields = Object.keys(metadata).length > 0 ? [`"${metadataKey}":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const { name, dtype, shape, fileDType } of order) {
    if (name === metadataKey) {
      throw new ArgumentError(
        `encodeSafetensors: "${metadataKey}" is reserved by the format; rename that tensor`,
        { name },
      );
    }
    checkWritable(name);
    const begin = end;
    end += sizeOf(shape) * (fileDType === "F16" ? 2 : byteSize(dtype));
    const info = { dtype: fileDType, shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerSize = Math.ceil(header.length / 8) * 8;
  if (headerSize > largestHeader) {
    throw new ArgumentError(
      `encodeSafetensors: names and metadata take ${headerSize} bytes, above the format's limit of ${largestHeader}; put long ` +
        "texts into a file of their own",
      { headerSize },
    );
  }
  const start = new Uint8Array(8 + headerSize).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerSize), true);
  start.set(header, 8);
  return { start, order, size: end };
}

/** @throws ArgumentError for half of a character, which no reader of the format takes */
function checkWritable(text: string): void {
  if (isText(text)) return;
  throw new ArgumentError(
    `encodeSafetensors: ${JSON.stringify(text.slice(0, 80))} has half of a character in it; the format holds whole ones`,
    { text },
  );
}

function isHalved(dtype: DType, half: boolean): boolean {
  return half && (dtype === "float32" || dtype === "float64");
}

/** Values as they stand in the file; a view of them where they are already. */
export function safetensorsBytes(
  { dtype, data }: Omit<SafetensorsEntry, "shape">,
  half: boolean,
): Uint8Array {
  const values = isHalved(dtype, half) ? toHalves(data) : data;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function checkEntry(name: string, { dtype, shape, data }: SafetensorsEntry): void {
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
 * `F64 F32 I32 U8 BOOL` keep their type. `F16`, `BF16`, `F8_E4M3` and `F8_E5M2` become `float32`, which holds all their values;
 * `I8 I16 U16 U32 I64 U64` become `int32`, and a value out of its range is an error. The format's other types are refused.
 * Values that need no conversion and are aligned are views of `bytes`.
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
  checkBytes(bytes, {}, [], "decodeSafetensors", "loadSafetensorsFile(path) of tatamijs/node reads a file");
  const fail = failFor(source);
  const size = headerLength(bytes.subarray(0, 8), bytes.length, fail);
  const { infos, metadata, bodyStart } = parseSafetensorsHeader(
    bytes.subarray(8, 8 + size),
    bytes.length,
    fail,
  );
  const body = bytes.subarray(bodyStart);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const info of infos) {
    tensors.set(info.name, decodeEntry(info, body.subarray(info.begin, info.end), bodyStart, fail));
  }
  return { tensors, metadata };
}

/** The values of one tensor out of its bytes. */
export function decodeEntry(
  { name, fileDType, shape, begin }: TensorInfo,
  bytes: Uint8Array,
  bodyStart: number,
  fail: Fail,
): SafetensorsEntry {
  if (!isFileDType(fileDType)) {
    return fail(
      `tensor ${JSON.stringify(name)} has dtype ${fileDType}, which is not converted; known are ${Object.keys(fileDTypes).join(", ")}`,
      bodyStart + begin,
      { name },
    );
  }
  const onError = (reason: string, at: number): never =>
    fail(`tensor "${name}" ${reason}`, bodyStart + begin + at, { name });
  return { shape, ...decodeValues(fileDType, bytes, onError) };
}
