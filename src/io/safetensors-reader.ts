/** Single tensors of a safetensors file that is too large, or too far away, to be read whole. */
import { ArgumentError } from "../base/errors.ts";
import { openSource, type RandomAccess, type RandomAccessSource } from "../base/random-access.ts";
import type { Shape } from "../base/shape.ts";
import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { decodeEntry } from "./safetensors.ts";
import {
  failFor,
  headerLength,
  parseSafetensorsHeader,
  type SafetensorsHeader,
  type TensorInfo,
} from "./safetensors-header.ts";

/** What a file says about a tensor before its values are read. */
export interface TensorDescription {
  /** The type's name in the file, such as "BF16". */
  readonly dtype: string;
  readonly shape: Shape;
}

/**
 * A safetensors file whose header has been read and checked; tensors are read one by one. See {@link openSafetensors}, and
 * `openSafetensorsFile` of `tatamijs/node`.
 *
 * @example
 * const bytes = await io.saveSafetensors({ weight: ones([2, 3]) }, { half: true });
 * const reader: io.SafetensorsReader = await io.openSafetensors(bytes);
 * reader.describe("weight"); // { dtype: "F16", shape: [2, 3] }
 */
export class SafetensorsReader {
  /** What messages call the file. */
  readonly source: string;
  /** Free text that is stored beside the tensors. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #file: RandomAccess;
  readonly #bodyStart: number;
  readonly #infos: ReadonlyMap<string, TensorInfo>;

  private constructor(file: RandomAccess, { infos, metadata, bodyStart }: SafetensorsHeader) {
    this.source = file.source;
    this.metadata = metadata;
    this.#file = file;
    this.#bodyStart = bodyStart;
    this.#infos = new Map(infos.map((info) => [info.name, info]));
  }

  /** @internal */
  static async open(file: RandomAccess): Promise<SafetensorsReader> {
    const fail = failFor(file.source);
    const start = await file.read(0, Math.min(8, file.byteLength));
    const end = 8 + headerLength(start, file.byteLength, fail);
    return new SafetensorsReader(
      file,
      parseSafetensorsHeader(await file.read(8, end), file.byteLength, fail),
    );
  }

  /** Names of the tensors, in the order of their values in the file. */
  keys(): string[] {
    return [...this.#infos.keys()];
  }

  /** Type and shape of a tensor. @throws ArgumentError when there is none of this name */
  describe(name: string): TensorDescription {
    const { fileDType: dtype, shape } = this.#info(name);
    return { dtype, shape };
  }

  /**
   * Reads the values of one tensor, and nothing else of the file.
   *
   * @throws ArgumentError when there is none of this name, FileFormatError when its values cannot be converted
   */
  async getTensor(name: string): Promise<Tensor> {
    const info = this.#info(name);
    const fail = failFor(this.source);
    const begin = this.#bodyStart + info.begin;
    const bytes = await this.#file.read(begin, this.#bodyStart + info.end);
    if (bytes.length !== info.end - info.begin)
      fail(`the file ends within tensor ${JSON.stringify(name)}`, begin);
    const { data, shape, dtype } = decodeEntry(info, bytes, this.#bodyStart, fail);
    return fromOwned(data, shape, dtype);
  }

  /** Reads some tensors, one after the other. @param names Default: all. */
  async getTensors(names: readonly string[] = this.keys()): Promise<Record<string, Tensor>> {
    for (const name of names) this.#info(name);
    const found: [string, Tensor][] = [];
    for (const name of names) found.push([name, await this.getTensor(name)]);
    return Object.fromEntries(found);
  }

  #info(name: string): TensorInfo {
    const info = this.#infos.get(name);
    if (info !== undefined) return info;
    const some = this.keys()
      .slice(0, 10)
      .map((key) => JSON.stringify(key));
    throw new ArgumentError(
      `${this.source}: there is no tensor ${JSON.stringify(name)}; there are ${this.#infos.size}: ${some.join(", ")}` +
        (some.length < this.#infos.size ? " and more" : ""),
      { name },
    );
  }
}

/**
 * Opens a safetensors file of which only some tensors are wanted, as `safe_open` does in Python: its header is read and checked,
 * its values are not. On a server it is read by ranges.
 *
 * @param source Bytes, a `File` or `Blob`, or an address (`new URL(...)`). A path: `openSafetensorsFile` of `tatamijs/node`.
 * @throws FileFormatError for anything that the format forbids
 * @example
 * const file = new File([await io.saveSafetensors({ a: ones([2]), b: zeros([3]) })], "model.safetensors");
 * const reader = await io.openSafetensors(file);
 * reader.keys(); // ["a", "b"]
 * await reader.getTensor("b"); // [0, 0, 0]
 */
export async function openSafetensors(source: RandomAccessSource): Promise<SafetensorsReader> {
  return SafetensorsReader.open(await openSource(source, "safetensors file"));
}
