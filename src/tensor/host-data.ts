/**
 * Nested lists and typed arrays from users, as flat host arrays with a shape, and back.
 */
import { allocate, type DType, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";

/** Numbers or booleans nested in lists of equal lengths. */
export type Nested = number | boolean | readonly Nested[];

/** Numbers or booleans as `array()` gives them. */
export type NestedArray = number | boolean | NestedArray[];

const typedTypes: readonly (readonly [new (n: number) => TypedArray, DType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int32Array, "int32"],
  [Uint8Array, "uint8"],
];

export function isTypedArray(value: unknown): value is TypedArray {
  return typedTypes.some(([type]) => value instanceof type);
}

/** The element type that a typed array carries. */
export function dtypeOfArray(array: TypedArray): DType {
  const found = typedTypes.find(([type]) => array instanceof type);
  return found === undefined ? "float32" : found[1];
}

/** Shape of nested lists. @throws ShapeError when lists of one level differ in length. */
export function shapeOfNested(data: Nested): Shape {
  const shape: number[] = [];
  for (let level: Nested = data; typeof level === "object"; level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  checkLevel(data, shape, 0);
  return shape;
}

function checkLevel(data: Nested, shape: Shape, depth: number): void {
  const isList = typeof data === "object";
  if (isList !== depth < shape.length || (isList && data.length !== shape[depth])) {
    throw new ShapeError(
      `tensor: the lists at depth ${depth} have different lengths (${isList ? data.length : "a number"} where ` +
        `${shape[depth] ?? "a number"} was expected); every list of one depth must be equally long`,
      { depth },
    );
  }
  if (isList) for (const item of data) checkLevel(item, shape, depth + 1);
}

/** The type of nested data: bool for booleans, float32 for numbers. */
export function dtypeOfNested(data: Nested): DType {
  let first: Nested | undefined = data;
  while (typeof first === "object") first = first[0];
  return typeof first === "boolean" ? "bool" : "float32";
}

/** Copies nested data into a flat array. @throws ArgumentError for anything but numbers and booleans. */
export function flattenNested(data: Nested, dtype: DType, size: number): TypedArray {
  const out = allocate(dtype, size);
  let at = 0;
  const walk = (item: Nested): void => {
    if (typeof item === "object") for (const inner of item) walk(inner);
    else if (typeof item === "number" || typeof item === "boolean")
      out[at++] = toElement(Number(item), dtype);
    else {
      throw new ArgumentError(`tensor: ${String(item)} (${typeof item}) is not a number or boolean`, {
        value: item,
      });
    }
  };
  walk(data);
  return out;
}

function toElement(value: number, dtype: DType): number {
  return dtype === "bool" ? Number(value !== 0) : value;
}

/** Converts elements to another type by value. */
export function convert(data: TypedArray, dtype: DType): TypedArray {
  const out = allocate(dtype, data.length);
  for (let i = 0; i < data.length; i++) out[i] = toElement(data[i] as number, dtype);
  return out;
}

/** A flat array as nested lists of the shape; bool as true and false. */
export function nest(data: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const value = (i: number): number | boolean => (dtype === "bool" ? data[i] !== 0 : (data[i] as number));
  const build = (depth: number, start: number, count: number): NestedArray => {
    if (depth === shape.length) return value(start);
    const size = shape[depth] as number;
    const step = size === 0 ? 0 : count / size;
    return Array.from({ length: size }, (_, i) => build(depth + 1, start + i * step, step));
  };
  return build(0, 0, sizeOf(shape));
}
