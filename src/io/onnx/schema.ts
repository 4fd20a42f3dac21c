/**
 * What an ONNX file says, as plain objects: the part of onnx.proto that both directions use. Numbers of its enumerations
 * are those of the standard.
 */
import type { DType } from "../../base/dtype.ts";

/** Codes of element types (TensorProto.DataType). */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type ElementType = keyof typeof elementTypes;

/** The element type with this code, or null for one that is not in the table above. */
export function elementTypeOf(code: number): ElementType | null {
  const found = Object.entries(elementTypes).find(([, c]) => c === code);
  return found === undefined ? null : (found[0] as ElementType);
}

/** The code of one of our types. */
export function codeOf(dtype: DType): number {
  return elementTypes[dtype];
}

/** A tensor in the file, little-endian and row-major. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Attributes of nodes, by kind. Graphs (bodies of loops and branches) are recognised, not read. */
export type OnnxAttribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  | { readonly kind: "graph" }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "other" };

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Names of values; "" where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A graph's input or output. Sizes are numbers, names, or null where nothing is said; `shape` null: not even a rank. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: ElementType | null;
  readonly shape: readonly (number | string | null)[] | null;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of each operator set, by domain; "" is the standard's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
}
