/**
 * The bytes of an ONNX file as a model. Nothing that is read is trusted: what does not add up is a FileFormatError with the
 * place in the file, memory stays within a small multiple of the file's size, and nothing is read by recursion.
 */
import { FileFormatError } from "../../base/errors.ts";
import {
  bytesOf,
  fieldsOf,
  integerOf,
  integersOf,
  numberOf,
  numbersOf,
  textOf,
  type WireFail,
  type WireField,
} from "../protobuf.ts";
import {
  type ElementType,
  elementTypeOf,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./schema.ts";

/** Contents of the files that hold weights beside the model, by the location that the model gives. */
export type ExternalData = Readonly<Record<string, Uint8Array>>;

interface Source {
  readonly fail: WireFail;
  readonly external: ExternalData;
}

/** Bytes that one element takes in `raw_data`. */
const elementBytes: Record<ElementType, number> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  string: 0,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
  bfloat16: 2,
};

/** More than any network has; numbers beyond say that the file is damaged. */
const mostRank = 64;
const mostIntegers = 1 << 26;

/** @throws FileFormatError saying what is wrong and where */
export function decodeModel(bytes: Uint8Array, source: string, external: ExternalData): OnnxModel {
  const fail: WireFail = (reason, at) => {
    throw new FileFormatError(`importOnnx: ${source} is no ONNX model: ${reason} (byte ${at})`, {
      source,
      at,
    });
  };
  const from: Source = { fail, external };
  let [irVersion, producer] = [0, ""];
  const opsets = new Map<string, number>();
  const graphs: WireField[] = [];
  for (const field of fieldsOf(bytes, 0, fail)) {
    if (field.number === 1) irVersion = integerOf(field, fail);
    else if (field.number === 2) producer = textOf(field, fail);
    else if (field.number === 7) graphs.push(field);
    else if (field.number === 8) readOpset(field, opsets, fail);
  }
  const [graph] = graphs;
  if (graph === undefined) return fail("there is no graph in it", 0);
  if (graphs.length > 1) return fail("there are several graphs in it", graphs[1]?.at ?? 0);
  if (opsets.size === 0) return fail("it does not say the version of its operators", 0);
  return { irVersion, producer, opsets, graph: readGraph(graph, from) };
}

/** Files that a model says its weights are in. What is no model has none: reading it says what is wrong. */
export function externalFiles(bytes: Uint8Array): string[] {
  const found = new Set<string>();
  const stop = (): never => {
    throw new FileFormatError("");
  };
  const inside = (field: WireField, number: number): WireField[] =>
    [...fieldsOf(bytesOf(field, stop), field.at, stop)].filter((f) => f.number === number);
  try {
    const whole: WireField = { number: 0, type: "bytes", integer: 0n, bytes, at: 0 };
    for (const graph of inside(whole, 7)) {
      // Initializers, and attributes of nodes that are tensors.
      const constants = inside(graph, 1).flatMap((node) => inside(node, 5).flatMap((a) => inside(a, 5)));
      for (const tensor of [...inside(graph, 5), ...constants]) {
        if (!inside(tensor, 14).some((f) => f.integer === 1n)) continue;
        const place = new Map<string, string>();
        for (const entry of inside(tensor, 13)) readEntry(entry, place, stop);
        found.add(place.get("location") ?? "");
      }
    }
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error;
  }
  return [...found];
}

function readOpset(field: WireField, opsets: Map<string, number>, fail: WireFail): void {
  let [domain, version] = ["", 0];
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) domain = textOf(f, fail);
    else if (f.number === 2) version = integerOf(f, fail);
  }
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
}

function readGraph(field: WireField, from: Source): OnnxModel["graph"] {
  const { fail } = from;
  let name = "";
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) nodes.push(readNode(f, from));
    else if (f.number === 2) name = textOf(f, fail);
    else if (f.number === 5) initializers.push(readTensor(f, from));
    else if (f.number === 11) inputs.push(readValueInfo(f, fail));
    else if (f.number === 12) outputs.push(readValueInfo(f, fail));
    else if (f.number === 15) fail("sparse initializers are not supported", f.at);
  }
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(field: WireField, from: Source): OnnxNode {
  const { fail } = from;
  const inputs: string[] = [];
  const outputs: string[] = [];
  let [name, opType, domain] = ["", "", ""];
  const attributes = new Map<string, OnnxAttribute>();
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) inputs.push(textOf(f, fail));
    else if (f.number === 2) outputs.push(textOf(f, fail));
    else if (f.number === 3) name = textOf(f, fail);
    else if (f.number === 4) opType = textOf(f, fail);
    else if (f.number === 5) attributes.set(...readAttribute(f, from));
    else if (f.number === 7) domain = textOf(f, fail);
  }
  if (opType === "") fail("a node does not say its operator", field.at);
  return { name, opType, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
}

/** Fields of AttributeProto that hold values, and the kind that each is of. */
function readAttribute(field: WireField, from: Source): [string, OnnxAttribute] {
  const { fail } = from;
  let name = "";
  let type = 0;
  let single: OnnxAttribute | null = null;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) name = textOf(f, fail);
    else if (f.number === 2) single = { kind: "float", value: numberOf(f, fail) };
    else if (f.number === 3) single = { kind: "int", value: clampedInteger(f, fail) };
    else if (f.number === 4) single = { kind: "string", value: textOf(f, fail) };
    else if (f.number === 5) single = { kind: "tensor", value: readTensor(f, from) };
    else if (f.number === 6) single = { kind: "graph" };
    else if (f.number === 7) for (const v of numbersOf(f, 4, fail)) floats.push(v);
    else if (f.number === 8) for (const v of integersOf(f, fail, mostIntegers)) ints.push(Number(v));
    else if (f.number === 9) strings.push(textOf(f, fail));
    else if (f.number === 20) type = integerOf(f, fail);
  }
  return [name, attributeOf(type, single, { floats, ints, strings })];
}

/** Numbers beyond 2^53 stand for "to the end" in slices: the nearest double does as well. */
function clampedInteger(field: WireField, fail: WireFail): number {
  return Number(integersOf(field, fail, 1)[0] ?? 0n);
}

/** By the type that the attribute says it has, or, in old files that say none, by what is there. Defaults are not written. */
function attributeOf(
  type: number,
  single: OnnxAttribute | null,
  lists: { readonly floats: number[]; readonly ints: number[]; readonly strings: string[] },
): OnnxAttribute {
  const { floats, ints, strings } = lists;
  if (type === 6 || (type === 0 && floats.length > 0)) return { kind: "floats", value: floats };
  if (type === 7 || (type === 0 && ints.length > 0)) return { kind: "ints", value: ints };
  if (type === 8 || (type === 0 && strings.length > 0)) return { kind: "strings", value: strings };
  if (single !== null) return single;
  if (type === 1) return { kind: "float", value: 0 };
  if (type === 2) return { kind: "int", value: 0 };
  if (type === 3) return { kind: "string", value: "" };
  return { kind: "other" };
}

function readValueInfo(field: WireField, fail: WireFail): OnnxValueInfo {
  let name = "";
  let type: ElementType | null = null;
  let shape: (number | string | null)[] | null = null;
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) name = textOf(f, fail);
    if (f.number !== 2) continue;
    for (const kind of fieldsOf(bytesOf(f, fail), f.at, fail)) {
      if (kind.number !== 1) continue;
      for (const part of fieldsOf(bytesOf(kind, fail), kind.at, fail)) {
        if (part.number === 1) type = elementTypeOf(integerOf(part, fail));
        else if (part.number === 2) shape = readShape(part, fail);
      }
    }
  }
  return { name, type, shape };
}

function readShape(field: WireField, fail: WireFail): (number | string | null)[] {
  const shape: (number | string | null)[] = [];
  for (const dim of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (dim.number !== 1) continue;
    let size: number | string | null = null;
    for (const f of fieldsOf(bytesOf(dim, fail), dim.at, fail)) {
      if (f.number === 1) size = integerOf(f, fail);
      else if (f.number === 2) size = textOf(f, fail);
    }
    shape.push(size);
  }
  return shape;
}

// Tensors

interface TensorParts {
  name: string;
  type: number;
  raw: Uint8Array | null;
  isExternal: boolean;
  readonly shape: number[];
  readonly place: Map<string, string>;
  readonly values: WireField[];
}

function readTensor(field: WireField, from: Source): OnnxTensor {
  const { fail } = from;
  const parts: TensorParts = {
    name: "",
    type: 0,
    raw: null,
    isExternal: false,
    shape: [],
    place: new Map(),
    values: [],
  };
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) readTensorField(f, parts, fail);
  const { name, shape } = parts;
  const type = elementTypeOf(parts.type);
  if (type === null)
    return fail(`tensor "${name}" has elements of type ${parts.type}, which is not supported`, field.at);
  const count = shape.reduce((n, s) => n * s, 1);
  if (!Number.isSafeInteger(count) || shape.length > mostRank)
    fail(`tensor "${name}" has no possible shape: ${shape.join(", ")}`, field.at);
  const bytes = tensorBytes(parts, type, from, field.at);
  if (type !== "string" && bytes.length !== count * elementBytes[type]) {
    fail(
      `tensor "${name}" of shape [${shape.join(", ")}] needs ${count * elementBytes[type]} bytes as ${type}, and has ${bytes.length}`,
      field.at,
    );
  }
  return { name, type, shape, bytes };
}

/** A tensor in a file of its own, as the standard's tests have them. @throws FileFormatError */
export function decodeTensor(bytes: Uint8Array, source: string): OnnxTensor {
  const fail: WireFail = (reason, at) => {
    throw new FileFormatError(`importOnnx: ${source} is no ONNX tensor: ${reason} (byte ${at})`, {
      source,
      at,
    });
  };
  const field: WireField = { number: 1, type: "bytes", integer: 0n, bytes, at: 0 };
  return readTensor(field, { fail, external: {} });
}

function readTensorField(f: WireField, parts: TensorParts, fail: WireFail): void {
  if (f.number === 1) {
    for (const size of integersOf(f, fail, mostRank)) {
      if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER))
        fail(`a tensor has size ${size} along an axis`, f.at);
      parts.shape.push(Number(size));
    }
  } else if (f.number === 2) parts.type = integerOf(f, fail);
  else if (f.number === 3) fail("tensors in segments are not supported", f.at);
  else if (f.number === 8) parts.name = textOf(f, fail);
  else if (f.number === 9) parts.raw = bytesOf(f, fail);
  else if (f.number === 13) readEntry(f, parts.place, fail);
  else if (f.number === 14) parts.isExternal = integerOf(f, fail) === 1;
  else if (f.number >= 4 && f.number <= 11) parts.values.push(f);
}

function readEntry(field: WireField, into: Map<string, string>, fail: WireFail): void {
  let [key, value] = ["", ""];
  for (const f of fieldsOf(bytesOf(field, fail), field.at, fail)) {
    if (f.number === 1) key = textOf(f, fail);
    else if (f.number === 2) value = textOf(f, fail);
  }
  into.set(key, value);
}

/** The elements as they stand in `raw_data`, wherever they are. */
function tensorBytes(parts: TensorParts, type: ElementType, from: Source, at: number): Uint8Array {
  if (parts.isExternal) return externalBytes(parts, from, at);
  if (parts.raw !== null) return parts.raw;
  const pieces = parts.values.map((f) => listedBytes(f, type, from.fail));
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}

function externalBytes({ name, place }: TensorParts, { fail, external }: Source, at: number): Uint8Array {
  const location = place.get("location") ?? "";
  if (!Object.hasOwn(external, location)) {
    return fail(
      `tensor "${name}" lies in another file, "${location}"; give its bytes with externalData: { "${location}": bytes }`,
      at,
    );
  }
  const file = external[location] as Uint8Array;
  const offset = Number(place.get("offset") ?? 0);
  const length = Number(place.get("length") ?? file.length - offset);
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (fits && offset + length <= file.length) return file.subarray(offset, offset + length);
  return fail(
    `tensor "${name}" lies at ${offset} to ${offset + length} of "${location}", which has ${file.length} bytes`,
    at,
  );
}

/** Elements that are listed as numbers: `float_data`, `int32_data`, `int64_data`, `double_data`, `uint64_data`. */
function listedBytes(field: WireField, type: ElementType, fail: WireFail): Uint8Array {
  switch (field.number) {
    case 4:
      return field.type === "bytes" ? bytesOf(field, fail) : field.bytes;
    case 10:
      return field.type === "bytes" ? bytesOf(field, fail) : field.bytes;
    case 5:
    case 7:
    case 11:
      return integerBytes(integersOf(field, fail, mostIntegers), type);
    default:
      // Texts: their number is not checked, since nothing is computed with them.
      return new Uint8Array();
  }
}

/** Integers, and halves by their bits, in the width of their type. */
function integerBytes(values: readonly bigint[], type: ElementType): Uint8Array {
  const size = elementBytes[type];
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (size === 8) view.setBigInt64(8 * i, value, true);
    else if (size === 4) view.setInt32(4 * i, Number(BigInt.asIntN(32, value)), true);
    else if (size === 2) view.setUint16(2 * i, Number(BigInt.asUintN(16, value)), true);
    else if (size === 1) bytes[i] = Number(BigInt.asUintN(8, value));
  });
  return bytes;
}
