/**
 * The header of a safetensors file: where each tensor lies. It trusts nothing that it reads, and refuses what the reference
 * implementation refuses, plus names that occur twice, of which that one takes the last.
 */
import { FileFormatError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { formatShape } from "../base/shape.ts";
import { findDuplicateKey, findOddNumber } from "./json-keys.ts";

/** The header's key of free text. */
export const metadataKey = "__metadata__";

/** The reference implementation's limit; a larger header is an attack or a damaged size. */
export const largestHeader = 100_000_000;

/** Bits of an element, for all types that the format has; not all of them can be converted to ours. */
const elementBits: Readonly<Record<string, number>> = {
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8 },
  ...{ F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
  ...{ F64: 64, I64: 64, U64: 64, C64: 64 },
};

/** One tensor as the header describes it; offsets count from the start of the values. */
export interface TensorInfo {
  readonly name: string;
  /** The type's name in the file. */
  readonly fileDType: string;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/** A header that holds together with the size of its file. */
export interface SafetensorsHeader {
  /** In the order of their values. */
  readonly infos: readonly TensorInfo[];
  readonly metadata: Map<string, string>;
  /** Where the values begin in the file. */
  readonly bodyStart: number;
}

/** Called with the reason and the byte offset; must throw. */
export type Fail = (reason: string, offset: number, details?: Record<string, unknown>) => never;

/** @param source What messages call the file. */
export function failFor(source: string): Fail {
  return (reason, offset, details = {}) => {
    throw new FileFormatError(`${source}: ${reason} (at byte ${offset})`, { source, offset, ...details });
  };
}

/**
 * Bytes of the header.
 *
 * @param start The file's first 8 bytes, or what there is of them.
 */
export function headerLength(start: Uint8Array, fileSize: number, fail: Fail): number {
  if (start.length < 8) {
    return fail(`the file has ${start.length} bytes, too few for the header size of 8 bytes`, 0);
  }
  const size = new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true);
  if (size > BigInt(largestHeader)) {
    return fail(
      `the header size ${size} is above the format's limit of ${largestHeader} bytes; is this another format?`,
      0,
    );
  }
  if (size > BigInt(fileSize - 8)) {
    return fail(
      `the header takes ${size} bytes, but the file has only ${fileSize - 8} after the size; it is cut off`,
      0,
    );
  }
  return Number(size);
}

/** @param header The bytes behind the size, as many as it says. */
export function parseSafetensorsHeader(header: Uint8Array, fileSize: number, fail: Fail): SafetensorsHeader {
  const json = parseJson(header, fail);
  const metadata = readMetadata(json, fail);
  const bodyStart = 8 + header.length;
  const infos = Object.entries(json)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => readInfo(name, value, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(infos, fileSize - bodyStart, bodyStart, fail);
  return { infos, metadata, bodyStart };
}

function parseJson(headerBytes: Uint8Array, fail: Fail): Record<string, unknown> {
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
  const odd = findOddNumber(text);
  if (odd !== undefined) {
    const offset = 8 + new TextEncoder().encode(text.slice(0, odd.index)).length;
    return fail(
      `the header has the number ${odd.text}; sizes are whole numbers written with digits only`,
      offset,
    );
  }
  return header;
}

function readMetadata(header: Record<string, unknown>, fail: Fail): Map<string, string> {
  const value = Object.hasOwn(header, metadataKey) ? header[metadataKey] : null;
  if (value === null) return new Map();
  if (!isRecord(value)) return fail(`"${metadataKey}" must be an object of strings`, 8);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      return fail(`"${metadataKey}" must hold strings, but ${JSON.stringify(key)} is not one`, 8);
    checkText(key, fail);
    checkText(text, fail);
    metadata.set(key, text);
  }
  return metadata;
}

function readInfo(name: string, value: unknown, fail: Fail): TensorInfo {
  checkText(name, fail);
  const bad = (reason: string): never => fail(`tensor ${JSON.stringify(name)} ${reason}`, 8, { name });
  if (!isRecord(value)) return bad("must be described by an object with dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = value;
  const bits =
    typeof dtype === "string" && Object.hasOwn(elementBits, dtype) ? elementBits[dtype] : undefined;
  if (typeof dtype !== "string" || bits === undefined) {
    return bad(
      `has dtype ${JSON.stringify(dtype)}, which the format does not know; it knows ${Object.keys(elementBits).join(", ")}`,
    );
  }
  if (!isSizeList(shape))
    return bad(`has shape ${JSON.stringify(shape)}; sizes must be integers from 0 to 2^53 - 1`);
  if (!isSizeList(offsets) || offsets.length !== 2) {
    return bad(`has data_offsets ${JSON.stringify(offsets)}; expected two integers from 0 to 2^53 - 1`);
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) return bad(`has data_offsets [${begin}, ${end}], which end before they begin`);
  const expected = (elementCount(shape, bad) * bits) / 8;
  if (!Number.isSafeInteger(expected))
    return bad(`has shape ${formatShape(shape)}, which is no whole number of bytes, or more than 2^53 - 1`);
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

/** The sizes are multiplied one after the other, as the reference does: a zero behind an overflow does not undo it. */
function elementCount(shape: Shape, bad: (reason: string) => never): number {
  return shape.reduce((count, size) => {
    const next = count * size;
    return next < 2 ** 64 ? next : bad(`has shape ${formatShape(shape)}, more than 2^53 - 1 bytes`);
  }, 1);
}

/** JSON can write half of a character, which UTF-8 cannot hold. */
export function isText(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function checkText(text: string, fail: Fail): void {
  if (!isText(text)) fail(`the header has ${JSON.stringify(text.slice(0, 80))}, which is no valid text`, 8);
}
