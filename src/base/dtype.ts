/**
 * Element types of tensors, and the typed arrays that carry them on the host.
 */
import { DTypeError } from "./errors.ts";

/** Name of an element type. `float32` is the default everywhere. */
export type DType = "float32" | "float64" | "int32" | "uint8" | "bool";

/** Host array that holds elements of a tensor; `uint8` and `bool` share `Uint8Array`. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const byteSizes: Record<DType, number> = { float32: 4, float64: 8, int32: 4, uint8: 1, bool: 1 };

/** Promotion order, as PyTorch's: a bool gives way to integers, integers to floats. */
const rank: Record<DType, number> = { bool: 0, uint8: 1, int32: 2, float32: 3, float64: 4 };

const constructors: Record<DType, { new (length: number): TypedArray }> = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** All element types, in promotion order. */
export const dtypes: readonly DType[] = ["bool", "uint8", "int32", "float32", "float64"];

/** Bytes that one element takes. */
export function byteSize(dtype: DType): number {
  return byteSizes[dtype];
}

/** Whether `dtype` is a floating-point type; only these have gradients. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** The type that both operands of a binary operation are converted to. */
export function promote(a: DType, b: DType): DType {
  return rank[a] >= rank[b] ? a : b;
}

/** A zero-filled host array for `length` elements. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new constructors[dtype](length);
}

/** A host array over existing memory. `byteOffset` must be a multiple of the element size. */
export function viewOf(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float64":
      return new Float64Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, byteOffset, length);
  }
}

/** Checks a `dtype` option that came from outside. @throws DTypeError naming the accepted ones. */
export function checkDType(dtype: string, operation: string): DType {
  if ((dtypes as readonly string[]).includes(dtype)) return dtype as DType;
  throw new DTypeError(`${operation}: dtype "${dtype}" is not supported; use one of ${dtypes.join(", ")}`, {
    dtype,
  });
}
