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

/** Typed arrays may stand in for the innermost lists. */
const isList = (data: unknown): data is readonly Nested[] => Array.isArray(data) || ArrayBuffer.isView(data);

/** Shape of nested lists. @throws ShapeError when lists of one level differ in length. */
export function shapeOfNested(data: Nested): Shape {
  const shape: number[] = [];
  for (let level: Nested = data; isList(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  checkLevel(data, shape, 0);
  return shape;
}

function checkLevel(data: Nested, shape: Shape, depth: number): void {
  const list = isList(data) ? data : null;
  if (list === null) checkElement(data);
  if ((list !== null) !== depth < shape.length || (list !== null && list.length !== shape[depth])) {
    throw new ShapeError(
      `tensor: the lists at depth ${depth} have different lengths (${list === null ? "a number" : list.length} where ` +
        `${shape[depth] ?? "a number"} was expected); every list of one depth must be equally long`,
      { depth },
    );
  }
  if (list !== null) for (const item of list) checkLevel(item, shape, depth + 1);
}

/** @throws ArgumentError for anything but numbers and booleans. */
function checkElement(value: unknown): void {
  if (typeof value === "number" || typeof value === "boolean") return;
  throw new ArgumentError(`tensor: ${describe(value)} is not a number or boolean; ${remedy(value)}`, {
    value,
  });
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `${JSON.stringify(value)} (string)`;
  if (typeof value === "object") return `${value.constructor?.name ?? "an object"} (object)`;
  return `${String(value)} (${typeof value})`;
}

function remedy(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "string") return "convert it with Number(...)";
  if (value instanceof Promise) return "await it first";
  const isTensor = typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
  return isTensor
    ? "join tensors with stack([...]) or cat([...])"
    : "give a number, nested lists or a typed array";
}

/** The type of nested data: bool where all are booleans, float32 otherwise. */
export function dtypeOfNested(data: Nested): DType {
  let first: Nested | undefined = data;
  while (isList(first)) first = first[0];
  return typeof first === "boolean" && isBoolean(data) ? "bool" : "float32";
}

const isBoolean = (data: Nested): boolean =>
  isList(data) ? data.every(isBoolean) : typeof data === "boolean";

/** Copies nested data of a known shape into a flat array. */
export function flattenNested(data: Nested, dtype: DType, size: number): TypedArray {
  const out = allocate(dtype, size);
  let at = 0;
  const walk = (item: Nested): void => {
    if (isList(item)) for (const inner of item) walk(inner);
    else out[at++] = toElement(Number(item), dtype);
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
