/**
 * Element types of safetensors files and their conversion to ours. Only types that a tensor can hold without
 * loss are known, plus wide integers, whose values are checked one by one.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import { viewOf } from "../base/dtype.ts";

/** How one element type of the file is read. */
export interface FileDType {
  /** Bytes of one element in the file. */
  readonly bytes: number;
  /** The type that it becomes here. */
  readonly dtype: DType;
  /** Reads one element; absent where the file's bytes are already ours. */
  readonly read?: (view: DataView, offset: number) => number | bigint;
}

/** Element types that can be read, by the name that files use. */
export type FileDTypeName =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

export const fileDTypes: Readonly<Record<FileDTypeName, FileDType>> = {
  F64: { bytes: 8, dtype: "float64" },
  F32: { bytes: 4, dtype: "float32" },
  F16: { bytes: 2, dtype: "float32", read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  BF16: { bytes: 2, dtype: "float32", read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
  F8_E4M3: { bytes: 1, dtype: "float32", read: (view, at) => eighthToNumber(view.getUint8(at)) },
  // The upper half of a binary16.
  F8_E5M2: { bytes: 1, dtype: "float32", read: (view, at) => halfToNumber(view.getUint8(at) << 8) },
  I64: { bytes: 8, dtype: "int32", read: (view, at) => view.getBigInt64(at, true) },
  U64: { bytes: 8, dtype: "int32", read: (view, at) => view.getBigUint64(at, true) },
  I32: { bytes: 4, dtype: "int32" },
  U32: { bytes: 4, dtype: "int32", read: (view, at) => view.getUint32(at, true) },
  I16: { bytes: 2, dtype: "int32", read: (view, at) => view.getInt16(at, true) },
  U16: { bytes: 2, dtype: "int32", read: (view, at) => view.getUint16(at, true) },
  I8: { bytes: 1, dtype: "int32", read: (view, at) => view.getInt8(at) },
  U8: { bytes: 1, dtype: "uint8" },
  BOOL: { bytes: 1, dtype: "bool" },
};

/** Whether the name is an element type that can be read. */
export function isFileDType(name: string): name is FileDTypeName {
  return Object.hasOwn(fileDTypes, name);
}

/**
 * Converts the bytes of one tensor.
 *
 * @param onError Called with the reason and the byte offset inside `bytes`; must throw.
 */
export function decodeValues(
  name: FileDTypeName,
  bytes: Uint8Array,
  onError: (reason: string, at: number) => never,
): { dtype: DType; data: TypedArray } {
  const type = fileDTypes[name];
  const length = bytes.length / type.bytes;
  if (type.read === undefined) {
    if (type.dtype === "bool") {
      const wrong = bytes.findIndex((byte) => byte > 1);
      if (wrong >= 0)
        return onError(`is BOOL but holds the byte ${bytes[wrong]}; only 0 and 1 are allowed`, wrong);
    }
    // A typed array must begin at a multiple of its element size; a file inside a larger buffer may not.
    // A copy of its own: the `slice` of a Buffer shares memory.
    const aligned = bytes.byteOffset % type.bytes === 0 ? bytes : new Uint8Array(bytes);
    return { dtype: type.dtype, data: viewOf(type.dtype, aligned.buffer, aligned.byteOffset, length) };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = type.dtype === "float32" ? new Float32Array(length) : new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const value = type.read(view, i * type.bytes);
    if (data instanceof Int32Array && (value < -2147483648 || value > 2147483647)) {
      return onError(`holds the ${name} value ${value}, which does not fit int32`, i * type.bytes);
    }
    data[i] = Number(value);
  }
  return { dtype: type.dtype, data };
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** 8 bits of the Open Compute Project: 1 sign, 4 exponent (bias 7) and 3 fraction bits, no infinity, NaN where all are 1. */
function eighthToNumber(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0xf;
  const fraction = bits & 7;
  if ((bits & 0x7f) === 0x7f) return Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7));
}

const floatValue = new Float32Array(1);
const floatBits = new Uint32Array(floatValue.buffer);

/**
 * Numbers as IEEE 754 binary16, rounded to the nearest, halves to even (float64 by way of float32). What is beyond 65504
 * becomes infinite; NaN stays NaN.
 */
export function toHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  // Read as they lie in memory: a number in between would take twice as long.
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < halves.length; i++) halves[i] = bitsToHalf(bits[i] as number);
  return halves;
}

/** @param bits Those of a float32. */
function bitsToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 lies half way between the largest finite number and the next, which there is none of.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2 ** -14 the spacing is fixed: 2 ** -24.
  if (magnitude < 0x38800000) return sign | tinyHalf(magnitude);
  // Exponents differ by 112; adding in the fraction carries into the exponent where it has to.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - (112 << 23)) >>> 13);
}

/** @param magnitude Bits of a float32 below 2 ** -14. */
function tinyHalf(magnitude: number): number {
  floatBits[0] = magnitude;
  return roundedToEven((floatValue[0] as number) * 2 ** 24);
}

function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

const bfloatBits = new Uint32Array(1);
const bfloatValue = new Float32Array(bfloatBits.buffer);

/** bfloat16 is the upper half of a binary32. */
export function bfloatToNumber(bits: number): number {
  bfloatBits[0] = bits << 16;
  return bfloatValue[0] as number;
}
