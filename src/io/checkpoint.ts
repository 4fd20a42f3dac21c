/**
 * Checkpoints: any nested state (of a model, an optimizer, a scheduler, counters) as the bytes of one
 * safetensors file. Tensors lie in it under their path, such as `optimizer.state.0.exp_avg`; everything else is
 * JSON in the file's metadata. So any reader of the format can open a checkpoint, and reading one runs no code.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { fromOwned } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkBytes } from "./bytes.ts";
import { decodeSafetensors } from "./safetensors.ts";
import { metadataKey as reservedName } from "./safetensors-header.ts";
import type { SafetensorsReader } from "./safetensors-reader.ts";
import { saveSafetensors } from "./tensor-dict.ts";

/** What a checkpoint can hold. */
export type CheckpointValue =
  | Tensor
  | null
  | boolean
  | number
  | string
  | readonly CheckpointValue[]
  | { readonly [key: string]: CheckpointValue };

/** The metadata's key, and the marks of values that JSON does not have. */
const metadataKey = "tatami_checkpoint";
const tensorMark = "$tensor";
const numberMark = "$number";
/** Around an object that would otherwise look like one of the marks. */
const objectMark = "$object";
const marks: readonly string[] = [tensorMark, numberMark, objectMark];

/** No state is nested so deep, but a damaged file may be, or an object that contains itself. */
const deepest = 500;

/**
 * Writes a nested state with tensors in it as the bytes of one safetensors file. Values may be what
 * {@link CheckpointValue} lists; state dicts of models, optimizers and schedulers are made of these.
 *
 * @param state For example `{ model: model.stateDict(), optimizer: optimizer.stateDict(), epoch: 3 }`.
 *
 * @throws ArgumentError naming the path of a value that is none of the accepted kinds
 * @example
 * const state = { model: model.stateDict(), optimizer: optimizer.stateDict(), epoch: 3 };
 * const bytes = await io.saveCheckpoint(state);
 * Object.keys(io.loadSafetensors(bytes)).includes("model.0.weight"); // true
 */
export async function saveCheckpoint(state: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const { tensors, metadata } = takeApart(state);
  return saveSafetensors(tensors, { metadata });
}

/** A state as a safetensors file holds it. */
export interface CheckpointParts {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws ArgumentError as `saveCheckpoint` */
export function takeApart(state: unknown): CheckpointParts {
  const tensors = new Map<string, Tensor>();
  const json = JSON.stringify(toJson(state, [], tensors));
  return { tensors: Object.fromEntries(tensors), metadata: { [metadataKey]: json } };
}

/**
 * Reads what {@link saveCheckpoint} wrote.
 *
 * @param options.source What messages call it, such as a path.
 *
 * @throws FileFormatError when it is damaged, or is a safetensors file but no checkpoint
 * @example
 * const bytes = await io.saveCheckpoint({ weight: tensor([1, 2]), best: NaN, epoch: 3 });
 * io.loadCheckpoint(bytes); // { weight: [1, 2], best: NaN, epoch: 3 }
 */
export function loadCheckpoint(bytes: Uint8Array, options: { source?: string } = {}): CheckpointValue {
  checkBytes(
    bytes,
    options,
    ["source"],
    "loadCheckpoint",
    "loadCheckpointFile(path) of tatamijs/node reads a file",
  );
  const { source = "checkpoint" } = options;
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const state = stateOf(metadata, source);
  const tensorOf = (name: string): Tensor => {
    const entry = tensors.get(name);
    if (entry === undefined) return missing(name, source);
    return fromOwned(entry.data, entry.shape, entry.dtype);
  };
  return fromJson(state, tensorOf, source);
}

/** Reads a checkpoint tensor by tensor: the file as a whole is never in memory, and what the state does not name is not read. */
export async function readCheckpoint(file: SafetensorsReader): Promise<CheckpointValue> {
  const { source } = file;
  const state = stateOf(file.metadata, source);
  const known = new Set(file.keys());
  const names = new Set<string>();
  const named = (name: string): null => {
    if (!known.has(name)) return missing(name, source);
    names.add(name);
    return null;
  };
  fromJson(state, named, source);
  const tensors = new Map(Object.entries(await file.getTensors([...names])));
  return fromJson(state, (name) => tensors.get(name) as Tensor, source);
}

function missing(name: string, source: string): never {
  throw new FileFormatError(`${source}: the tensor "${name}" is missing; the file is damaged`, {
    source,
    name,
  });
}

/** The state beside the tensors, which are marks in it. */
function stateOf(metadata: ReadonlyMap<string, string>, source: string): unknown {
  const text = metadata.get(metadataKey);
  if (text !== undefined) return parse(text, source);
  throw new FileFormatError(
    `${source}: a safetensors file with tensors only, not a checkpoint; read it with loadSafetensors`,
    { source },
  );
}

function toJson(value: unknown, path: readonly string[], tensors: Map<string, Tensor>): unknown {
  if (path.length > deepest) {
    throw new ArgumentError(
      `saveCheckpoint: the state is nested more than ${deepest} deep at ${path.slice(0, 5).join(".")}...; does it contain itself?`,
      { path },
    );
  }
  if (value instanceof Tensor) {
    const name = freeName(path.join("."), tensors);
    tensors.set(name, value);
    return { [tensorMark]: name };
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { [numberMark]: Object.is(value, -0) ? "-0" : String(value) };
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (Array.isArray(value))
    return Array.from(value, (item, i) => toJson(item, [...path, String(i)], tensors));
  if (typeof value !== "object" || !isPlain(value)) {
    // A module is a function too: it can be called.
    const hasClass = typeof value === "object" || typeof value === "function";
    const kind = hasClass ? `a ${value?.constructor.name}` : typeof value;
    throw new ArgumentError(
      `saveCheckpoint: ${path.join(".") || "the state"} is ${kind}, which a checkpoint cannot hold; give tensors, ` +
        "numbers, strings, booleans, null, lists and plain objects such as model.stateDict()",
      { path },
    );
  }
  const entries = Object.entries(value).map(([key, item]) => [key, toJson(item, [...path, key], tensors)]);
  const plain: unknown = Object.fromEntries(entries);
  return entries.length === 1 && marks.includes(String(entries[0]?.[0])) ? { [objectMark]: plain } : plain;
}

/** Keys have dots in them, so two paths may read alike; and one name belongs to the format. */
function freeName(path: string, tensors: ReadonlyMap<string, Tensor>): string {
  let name = path;
  while (tensors.has(name) || name === reservedName) name += "_";
  return name;
}

/** Made by a literal: whatever has a class would come back without it. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function fromJson<T extends Tensor | null>(
  value: unknown,
  tensorOf: (name: string) => T,
  source: string,
  depth = 0,
): CheckpointValue {
  if (depth > 2 * deepest) {
    throw new FileFormatError(`${source}: the state is nested too deep; the file is damaged`, { source });
  }
  const inner = (item: unknown): CheckpointValue => fromJson(item, tensorOf, source, depth + 1);
  const all = (object: object): CheckpointValue =>
    Object.fromEntries(Object.entries(object).map(([name, item]) => [name, inner(item)]));
  if (Array.isArray(value)) return value.map(inner);
  if (typeof value !== "object" || value === null) return value as CheckpointValue;
  const entries = Object.entries(value);
  const [key, content] = entries[0] ?? [];
  if (entries.length === 1 && key === tensorMark) return tensorOf(String(content));
  if (entries.length === 1 && key === numberMark) return Number(content);
  if (entries.length === 1 && key === objectMark && typeof content === "object" && content !== null)
    return all(content);
  return all(value);
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(
      `${source}: the state beside the tensors is not valid JSON; the file is damaged`,
      {
        source,
      },
      { cause },
    );
  }
}
