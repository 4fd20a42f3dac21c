/**
 * Tensors by name, to and from the bytes of a safetensors file. Works on every host; files are in `tatamijs/node`.
 */

import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsEntry } from "./safetensors.ts";

/** Tensors by name, such as a module's state dict. */
export type TensorDict = Readonly<Record<string, Tensor>>;

/**
 * Reads all values and writes them as a safetensors file.
 *
 * @param tensors For example `model.stateDict()`.
 * @param options.metadata Free text stored beside them. Default: none.
 * @param options.half Store floats as 16-bit floats, which are read back as float32. Default false.
 * @returns The bytes of the file; equal content gives equal bytes.
 * @example
 * const bytes = await io.saveSafetensors({ bias: tensor([1, 2]) });
 * io.loadSafetensors(bytes); // { bias: [1, 2] }
 */
export async function saveSafetensors(
  tensors: TensorDict,
  { metadata = {}, half = false }: { metadata?: Readonly<Record<string, string>>; half?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
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
  { source }: { source?: string } = {},
): Record<string, Tensor> {
  const { tensors } = decodeSafetensors(bytes, source);
  return Object.fromEntries(
    [...tensors].map(([name, { data, shape, dtype }]) => [name, fromOwned(data, shape, dtype)]),
  );
}
