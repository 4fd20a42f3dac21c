/**
 * Tensors by name, to and from the bytes of a safetensors file. Works on every host; files are in `tatamijs/node`.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../nn/arguments.ts";
import { fromOwned } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkBytes } from "./bytes.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsEntry } from "./safetensors.ts";

/** Tensors by name, such as a module's state dict. */
export type TensorDict = Readonly<Record<string, Tensor>>;

/** Options of `saveSafetensors`. */
export interface SaveSafetensorsOptions {
  /** Free text stored beside the tensors. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Store floats as 16-bit floats, which are read back as float32. Default false. */
  readonly half?: boolean;
}

/** @throws ArgumentError naming what is no tensor, or an option that there is not */
export function checkSaving(tensors: unknown, options: object, owner: string): void {
  checkOptions(options, ["metadata", "half"], owner);
  const isDict = typeof tensors === "object" && tensors !== null && isPlain(tensors);
  const [name, value] = isDict ? (Object.entries(tensors).find(([, t]) => !(t instanceof Tensor)) ?? []) : [];
  if (isDict && name === undefined) return;
  const what = name === undefined ? "tensors" : `tensors[${JSON.stringify(name)}]`;
  const wrong: unknown = name === undefined ? tensors : value;
  const kind =
    typeof wrong === "object" || typeof wrong === "function" ? wrong?.constructor?.name : typeof wrong;
  throw new ArgumentError(
    `${owner}: ${what} is ${kind ?? "null"}; give tensors by name, such as model.stateDict() (a nested state: saveCheckpoint)`,
    { name, value: wrong },
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Reads all values and writes them as a safetensors file.
 *
 * @param tensors For example `model.stateDict()`.
 * @param options.metadata Free text stored beside them. Default: none.
 * @param options.half Store floats as 16-bit floats, which are read back as float32. Default false.
 * @returns The bytes of the file; equal content gives equal bytes.
 * @throws ArgumentError naming what is no tensor, or a name or text that the format cannot hold
 * @example
 * const bytes = await io.saveSafetensors({ bias: tensor([1, 2]) });
 * io.loadSafetensors(bytes); // { bias: [1, 2] }
 */
export async function saveSafetensors(
  tensors: TensorDict,
  options: SaveSafetensorsOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkSaving(tensors, options, "saveSafetensors");
  const { metadata = {}, half = false } = options;
  const entries = await Promise.all(
    Object.entries(tensors).map(async ([name, t]): Promise<[string, SafetensorsEntry]> => {
      return [name, { dtype: t.dtype, shape: t.shape, data: await t.data() }];
    }),
  );
  return encodeSafetensors(new Map(entries), metadata, { half });
}

/**
 * Reads a safetensors file into tensors. The tensors may share memory with `bytes`.
 *
 * @param options.source What messages call it, such as a path.
 *
 * @throws FileFormatError for anything that the format forbids
 * @example
 * const bytes = await io.saveSafetensors(model.stateDict());
 * model.loadStateDict(io.loadSafetensors(bytes)); // { missingKeys: [], unexpectedKeys: [] }
 */
export function loadSafetensors(
  bytes: Uint8Array,
  options: { source?: string } = {},
): Record<string, Tensor> {
  checkBytes(
    bytes,
    options,
    ["source"],
    "loadSafetensors",
    "loadSafetensorsFile(path) of tatamijs/node reads a file",
  );
  const { tensors } = decodeSafetensors(bytes, options.source);
  return Object.fromEntries(
    [...tensors].map(([name, { data, shape, dtype }]) => [name, fromOwned(data, shape, dtype)]),
  );
}
