/**
 * Values of a running graph: tensors, and small lists of numbers that are known on the host, such as shapes. ONNX counts in
 * int64, which no tensor here is: on the host such numbers are doubles, exact up to 2^53; as tensors they are int32.
 */
import type { DType } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import { type Shape, sizeOf } from "../../../base/shape.ts";
import { fromOwned } from "../../../tensor/create.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { bfloatToNumber, halfToNumber } from "../../safetensors-values.ts";
import type { ElementType, OnnxTensor } from "../schema.ts";

/** Numbers that are known while the graph is put together. */
export class Host {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: Float64Array;
  #tensor: Tensor | null = null;

  constructor(type: ElementType, shape: Shape, data: Float64Array) {
    this.type = type;
    this.shape = shape;
    this.data = data;
  }

  /** The numbers as a tensor, made once. @throws DTypeError for integers that int32 cannot hold. */
  get tensor(): Tensor {
    this.#tensor ??= fromOwned(arrayOf(this.data, tensorType(this.type)), this.shape, tensorType(this.type));
    return this.#tensor;
  }
}

export type Value = Tensor | Host;

/** Integers on the host. */
export function int64s(values: readonly number[], shape: Shape = [values.length]): Host {
  return new Host("int64", shape, Float64Array.from(values));
}

const tensorTypes: Record<ElementType, DType | null> = {
  float32: "float32",
  float16: "float32",
  bfloat16: "float32",
  float64: "float64",
  int8: "int32",
  int16: "int32",
  int32: "int32",
  int64: "int32",
  uint8: "uint8",
  uint16: "int32",
  uint32: "int32",
  uint64: "int32",
  bool: "bool",
  string: null,
};

/** The type that elements of a file's type have here. @throws DTypeError for texts. */
export function tensorType(type: ElementType): DType {
  const dtype = tensorTypes[type];
  if (dtype === null) throw new DTypeError("importOnnx: tensors of texts are not supported", { type });
  return dtype;
}

function arrayOf(data: Float64Array, dtype: DType): Float32Array | Float64Array | Int32Array | Uint8Array {
  switch (dtype) {
    case "float32":
      return Float32Array.from(data);
    case "float64":
      return data.slice();
    case "int32":
      // What stands for "as far as possible" is as far as int32 goes.
      return Int32Array.from(data, (v) => Math.min(Math.max(v, -(2 ** 31)), 2 ** 31 - 1));
    default:
      return Uint8Array.from(data, (v) => (dtype === "bool" ? Number(v !== 0) : v));
  }
}

type Read = (view: DataView, at: number) => number;

const readers: Record<ElementType, { readonly size: number; readonly read: Read }> = {
  float32: { size: 4, read: (v, at) => v.getFloat32(at, true) },
  float64: { size: 8, read: (v, at) => v.getFloat64(at, true) },
  float16: { size: 2, read: (v, at) => halfToNumber(v.getUint16(at, true)) },
  bfloat16: { size: 2, read: (v, at) => bfloatToNumber(v.getUint16(at, true)) },
  int8: { size: 1, read: (v, at) => v.getInt8(at) },
  int16: { size: 2, read: (v, at) => v.getInt16(at, true) },
  int32: { size: 4, read: (v, at) => v.getInt32(at, true) },
  int64: { size: 8, read: (v, at) => Number(v.getBigInt64(at, true)) },
  uint8: { size: 1, read: (v, at) => v.getUint8(at) },
  uint16: { size: 2, read: (v, at) => v.getUint16(at, true) },
  uint32: { size: 4, read: (v, at) => v.getUint32(at, true) },
  uint64: { size: 8, read: (v, at) => Number(v.getBigUint64(at, true)) },
  bool: { size: 1, read: (v, at) => Number(v.getUint8(at) !== 0) },
  string: { size: 1, read: () => 0 },
};

/** A tensor of the file as numbers. @throws DTypeError for texts. */
export function hostOf(tensor: OnnxTensor): Host {
  const { type, shape, bytes } = tensor;
  tensorType(type);
  const { size, read } = readers[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Host(
    type,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => read(view, i * size)),
  );
}

/** A tensor of the file as a tensor, with memory of its own. */
export function tensorOfFile(tensor: OnnxTensor): Tensor {
  const { type, shape, bytes } = tensor;
  if (type !== "float32")
    return fromOwned(arrayOf(hostOf(tensor).data, tensorType(type)), shape, tensorType(type));
  const data = new Float32Array(sizeOf(shape));
  new Uint8Array(data.buffer).set(bytes);
  return fromOwned(data, shape, "float32");
}

export function asTensor(value: Value): Tensor {
  return value instanceof Tensor ? value : value.tensor;
}

export const isFloatType = (type: ElementType): boolean =>
  type === "float32" || type === "float64" || type === "float16" || type === "bfloat16";
