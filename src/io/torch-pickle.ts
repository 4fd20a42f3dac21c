/**
 * What a PyTorch pickle may name: the closed list of classes and functions by which tensors are written, each with
 * what it stands for here. Nothing of them runs; a tensor becomes a description of where its elements lie.
 */
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { type PickleValue, type PyCall, PyDict, PyGlobal, PyList, PyTuple, plainFix } from "./pickle.ts";
import { type FileDTypeName, fileDTypes } from "./safetensors-values.ts";

/** Elements in one entry of the archive, which several tensors may share. */
export class TorchStorage {
  /** Name of the entry, behind `data/`. */
  readonly key: string;
  /** Undefined for bytes whose type each tensor tells. */
  readonly type: FileDTypeName | undefined;
  /** Bytes that the pickle says it has. */
  readonly byteLength: number;
  constructor(key: string, type: FileDTypeName | undefined, byteLength: number) {
    this.key = key;
    this.type = type;
    this.byteLength = byteLength;
  }
}

/** A tensor as a window into its storage; offset and strides count elements. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly type: FileDTypeName;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
  constructor(
    storage: TorchStorage,
    type: FileDTypeName,
    offset: number,
    shape: Shape,
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** PyTorch's own limit. */
const mostDimensions = 64;

const storageTypes: Readonly<Record<string, FileDTypeName | undefined>> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
  "torch.storage.UntypedStorage": undefined,
};

/** PyTorch's element types; those without one of ours cannot be a tensor's. */
const dtypes: Readonly<Record<string, FileDTypeName | undefined>> = {
  ...{ "torch.float64": "F64", "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16" },
  ...{ "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8" },
  ...{ "torch.uint64": "U64", "torch.uint32": "U32", "torch.uint16": "U16", "torch.uint8": "U8" },
  ...{ "torch.bool": "BOOL", "torch.complex64": undefined, "torch.complex128": undefined },
};

/** What is no dense tensor of real numbers, and what to do instead. */
const unsupported: Readonly<Record<string, string>> = {
  "torch.ComplexFloatStorage": "complex numbers; save t.real and t.imag, or torch.view_as_real(t)",
  "torch.ComplexDoubleStorage": "complex numbers; save t.real and t.imag, or torch.view_as_real(t)",
  "torch.QInt8Storage": "quantized numbers; save t.dequantize()",
  "torch.QUInt8Storage": "quantized numbers; save t.dequantize()",
  "torch.QInt32Storage": "quantized numbers; save t.dequantize()",
  "torch._utils._rebuild_qtensor": "a quantized tensor; save t.dequantize()",
  "torch._utils._rebuild_sparse_tensor": "a sparse tensor; save t.to_dense()",
  "torch._utils._rebuild_nested_tensor": "a nested tensor; save t.unbind()",
};

type Fail = (reason: string) => never;

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** A tuple of sizes. */
function sizesOf(value: PickleValue | undefined, what: string, fail: Fail): number[] {
  const items = value instanceof PyTuple ? value.items : fail(`the ${what} of a tensor is no tuple`);
  if (items.length > mostDimensions)
    fail(`a tensor has ${items.length} dimensions; PyTorch's limit is ${mostDimensions}`);
  const sizes = items.filter(isSize);
  if (sizes.length < items.length)
    fail(`the ${what} of a tensor is (${items.map(String).join(", ")}), which is no list of sizes`);
  return sizes;
}

function tensorOf(args: readonly PickleValue[], type: FileDTypeName | undefined, fail: Fail): TorchTensor {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof TorchStorage)) return fail("a tensor has no storage");
  if (!isSize(offset)) return fail(`a tensor begins at ${String(offset)} of its storage`);
  const known = type ?? storage.type ?? fail("a tensor has bytes without an element type");
  const shape = sizesOf(size, "shape", fail);
  const strides = sizesOf(stride, "strides", fail);
  if (shape.length !== strides.length)
    fail(`a tensor has ${shape.length} dimensions but ${strides.length} strides`);
  // The nonzero sizes: an empty tensor may not have a product that overflows on the way either.
  if (!Number.isSafeInteger(sizeOf(shape.filter((n) => n > 0)))) {
    fail(`a tensor has shape ${formatShape(shape)}, more than 2^53 - 1 elements`);
  }
  const last = shape.reduce((sum, n, d) => sum + (n - 1) * (strides[d] as number), offset);
  const length = storage.byteLength / fileDTypes[known].bytes;
  if (!shape.includes(0) && !(last < length)) {
    fail(`a tensor reaches element ${last} of its storage "${storage.key}", which has ${length}`);
  }
  return new TorchTensor(storage, known, offset, shape, strides);
}

/** Conjugation and negation that PyTorch puts off until the tensor is read. */
function checkMetadata(metadata: PickleValue | undefined, fail: Fail): void {
  if (metadata === undefined || metadata === null) return;
  if (metadata instanceof PyDict && ![...metadata.entries.values()].includes(true)) return;
  fail("a tensor is a lazy view (negated or conjugated); save t.resolve_neg().resolve_conj()");
}

/** What a wrapper has first: the tensor itself. */
const wrapped: PyCall = ([tensor], fail) =>
  tensor instanceof TorchTensor ? tensor : fail("a parameter has no tensor");

const calls: Readonly<Record<string, PyCall>> = {
  "torch._utils._rebuild_tensor": (args, fail) => tensorOf(args, undefined, fail),
  "torch._utils._rebuild_tensor_v2": (args, fail) => {
    checkMetadata(args[6], fail);
    return tensorOf(args, undefined, fail);
  },
  "torch._utils._rebuild_tensor_v3": (args, fail) => {
    checkMetadata(args[7], fail);
    const dtype = args[6];
    const type = dtype instanceof PyGlobal ? dtypes[dtype.path] : undefined;
    return tensorOf(args, type ?? fail("a tensor has an element type that is not read"), fail);
  },
  "torch._utils._rebuild_parameter": wrapped,
  "torch._utils._rebuild_parameter_with_state": wrapped,
  "torch._tensor._rebuild_from_type_v2": ([callee, , args], fail) => {
    if (!(callee instanceof PyGlobal) || callee.call === undefined || !(args instanceof PyTuple)) {
      return fail("a tensor of a class of its own is not read");
    }
    return callee.call(args.items, fail);
  },
  "collections.OrderedDict": (args, fail) =>
    args.length === 0
      ? new PyDict()
      : fail("an ordered dictionary is made with arguments, which is not read"),
  "collections.Counter": ([counts], fail) =>
    counts instanceof PyDict ? counts : fail("a Counter is not made of a dictionary"),
  "torch.Size": ([sizes], fail) =>
    sizes instanceof PyTuple ? sizes : fail("a torch.Size is not made of a tuple"),
  "torch.device": ([type, index], fail) => {
    if (typeof type !== "string") return fail("a torch.device has no name");
    return index === undefined ? type : `${type}:${String(index)}`;
  },
  "_codecs.encode": ([text, encoding], fail) => {
    if (typeof text !== "string" || encoding !== "latin1" || /[^\0-\xff]/.test(text)) {
      return fail("bytes are not written as Latin-1");
    }
    return Uint8Array.from(text, (char) => char.charCodeAt(0));
  },
  ...{ "__builtin__.set": listOf, "builtins.set": listOf },
};

function listOf([items]: readonly PickleValue[], fail: Fail): PickleValue {
  return items instanceof PyList ? new PyList(items.items) : fail("a set is not made of a list");
}

/** Classes that are named, but never called. */
const names: ReadonlySet<string> = new Set([
  ...Object.keys(storageTypes),
  ...Object.keys(dtypes),
  ...["torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"],
]);

const known: ReadonlyMap<string, PyGlobal> = new Map(
  [
    ...Object.entries(calls).map(([path, call]) => new PyGlobal(path, call)),
    ...[...names].map((path) => new PyGlobal(path)),
  ].map((entry) => [entry.path, entry]),
);

/** The class or function of this path, or undefined where it is none of the list. */
export function torchGlobal(path: string): PyGlobal | undefined {
  return known.get(path);
}

/** Why a path of PyTorch is not in the list, or undefined. */
export function unsupportedReason(path: string): string | undefined {
  return Object.hasOwn(unsupported, path) ? unsupported[path] : undefined;
}

/** Whether a name stands for an element type, which is a value too. */
export function isDTypeName(path: string): boolean {
  return Object.hasOwn(dtypes, path);
}

/** A storage by its persistent id: ("storage", type, key, device, number of elements). */
export function torchStorage(id: PickleValue, fail: Fail): TorchStorage {
  const [tag, type, key, , count] = id instanceof PyTuple ? id.items : [];
  if (tag !== "storage" || typeof key !== "string" || !isSize(count)) {
    return fail(`a reference is none to a storage; ${plainFix}`);
  }
  if (!(type instanceof PyGlobal) || !Object.hasOwn(storageTypes, type.path)) {
    return fail(`the storage "${key}" has an element type that is not read`);
  }
  const element = storageTypes[type.path];
  return new TorchStorage(key, element, count * (element === undefined ? 1 : fileDTypes[element].bytes));
}
