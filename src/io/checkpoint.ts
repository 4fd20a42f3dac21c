/**
 * Checkpoints: any nested state (of a model, an optimizer, a scheduler, counters) as the bytes of one
 * safetensors file. Tensors lie in it under their path, such as `optimizer.state.0.exp_avg`; everything else is
 * JSON in the file's metadata. So any reader of the format can open a checkpoint, and reading one runs no code.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { fromOwned } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { decodeSafetensors } from "./safetensors.ts";
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
  const tensors: Record<string, Tensor> = {};
  const json = JSON.stringify(toJson(state, [], tensors));
  return saveSafetensors(tensors, { metadata: { [metadataKey]: json } });
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
export function loadCheckpoint(
  bytes: Uint8Array,
  { source = "checkpoint" }: { source?: string } = {},
): CheckpointValue {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const text = metadata.get(metadataKey);
  if (text === undefined) {
    throw new FileFormatError(
      `${source}: a safetensors file with tensors only, not a checkpoint; read it with loadSafetensors`,
      { source },
    );
  }
  const tensorOf = (name: string): Tensor => {
    const entry = tensors.get(name);
    if (entry === undefined) {
      throw new FileFormatError(`${source}: the tensor "${name}" is missing; the file is damaged`, {
        source,
        name,
      });
    }
    return fromOwned(entry.data, entry.shape, entry.dtype);
  };
  return fromJson(parse(text, source), tensorOf);
}

function toJson(value: unknown, path: readonly string[], tensors: Record<string, Tensor>): unknown {
  if (value instanceof Tensor) {
    const name = path.join(".");
    tensors[name] = value;
    return { [tensorMark]: name };
  }
  if (typeof value === "number" && !Number.isFinite(value)) return { [numberMark]: String(value) };
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, [...path, String(i)], tensors));
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
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toJson(item, [...path, key], tensors)]),
  );
}

/** Made by a literal: whatever has a class would come back without it. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function fromJson(value: unknown, tensorOf: (name: string) => Tensor): CheckpointValue {
  if (Array.isArray(value)) return value.map((item) => fromJson(item, tensorOf));
  if (typeof value !== "object" || value === null) return value as CheckpointValue;
  const entries = Object.entries(value);
  const [key, inner] = entries[0] ?? [];
  if (entries.length === 1 && key === tensorMark) return tensorOf(String(inner));
  if (entries.length === 1 && key === numberMark) return Number(inner);
  return Object.fromEntries(entries.map(([name, item]) => [name, fromJson(item, tensorOf)]));
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
