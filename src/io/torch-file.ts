/**
 * Reads what `torch.save` writes: a zip archive with a pickle of the structure, `data.pkl`, and one entry of raw values
 * for each storage. Weights only: the pickle is read by a machine that runs no code, from a closed list of names.
 *
 * Memory is bounded by the file: tensors are views of it where they can be, and copies of all together may take at
 * most {@link mostCopies} times its size.
 */
import { byteSize } from "../base/dtype.ts";
import { FileFormatError } from "../base/errors.ts";
import { contiguousStrides, formatShape, sizeOf } from "../base/shape.ts";
import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkBytes } from "./bytes.ts";
import {
  type PickleFail,
  type PickleValue,
  PyDict,
  PyGlobal,
  PyList,
  PyTuple,
  plainFix,
  unpickle,
} from "./pickle.ts";
import { decodeValues, fileDTypes } from "./safetensors-values.ts";
import { gather } from "./strided.ts";
import { isDTypeName, TorchTensor, torchGlobal, torchStorage, unsupportedReason } from "./torch-pickle.ts";
import { isZip, ZipArchive } from "./zip.ts";

/** What a file of PyTorch can hold. */
export type TorchValue =
  | Tensor
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly TorchValue[]
  | { readonly [key: string]: TorchValue };

/** Copies of strided and converted tensors may take so many times the file's size, and this many bytes more. */
const mostCopies = 16;
const freeCopies = 2 ** 20;

/** Deeper structures are an attack on the stack, or no state. */
const deepest = 100;

/** How the old format (before PyTorch 1.6) begins: a pickle of its magic number. */
const oldMagic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/**
 * Reads a file that PyTorch's `torch.save` wrote (`.pt`, `.pth`, `.bin`), weights only: no code of the file is run,
 * and classes other than those of tensors are refused by name.
 *
 * A dictionary becomes a plain object, whose keys are text; lists, tuples and sets become lists; an integer beyond 2^53
 * becomes a bigint. `float32`, `float64`, `int32`, `uint8` and `bool` keep their type; `float16` and `bfloat16` become `float32`;
 * other integers become `int32`, and a value out of its range is an error. Tensors are leaves without `requiresGrad`, and may
 * share memory with `bytes`. The type argument says what the caller expects of the file, a state dict by default; it
 * is not checked here, but by whoever uses it, as `loadStateDict` does.
 *
 * @param bytes The whole file.
 * @param options.source What messages call it, such as a path. Default "PyTorch file".
 * @returns What was saved.
 *
 * @throws ArgumentError when `bytes` are none, and FileFormatError naming the part of the file, what was found and the fix: for a damaged file, the format from
 *   before PyTorch 1.6, big-endian values, and anything but data in it
 * @example
 * // In Python: torch.save({"state_dict": model.state_dict(), "epoch": 3}, "model.pt")
 * const checkpoint = await io.loadTorch<{ state_dict: io.TensorDict; epoch: number }>(torchFile);
 * checkpoint.epoch; // 3
 * model.loadStateDict(checkpoint.state_dict); // { missingKeys: [], unexpectedKeys: [] }
 */
export async function loadTorch<T = Record<string, Tensor>>(
  bytes: Uint8Array,
  options: { source?: string } = {},
): Promise<T> {
  checkBytes(bytes, options, ["source"], "loadTorch", "loadTorchFile(path) of tatamijs/node reads a file");
  const { source = "PyTorch file" } = options;
  return (await new TorchReader(bytes, source).read()) as T;
}

class TorchReader {
  readonly #bytes: Uint8Array;
  readonly #source: string;
  /** Values of storages, by key. */
  readonly #storages = new Map<string, Uint8Array>();
  /** What each object of the pickle became: what is shared there is shared here. */
  readonly #made = new Map<object, TorchValue>();
  /** Objects whose parts are being made. */
  readonly #open = new Set<object>();
  #copiesLeft: number;

  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = bytes;
    this.#source = source;
    this.#copiesLeft = mostCopies * bytes.length + freeCopies;
  }

  async read(): Promise<TorchValue> {
    this.#checkFormat();
    const archive = new ZipArchive(this.#bytes, this.#source);
    const root = this.#rootOf(archive);
    await this.#checkByteOrder(archive, root);
    const entry = archive.entries.get(`${root}data.pkl`);
    const pickle = entry === undefined ? new Uint8Array() : await archive.read(entry);
    const tensors: TorchTensor[] = [];
    const value = this.#unpickle(pickle, `${root}data.pkl`, tensors);
    for (const { storage } of tensors) await this.#readStorage(archive, root, storage);
    return this.#convert(value, []);
  }

  #fail(reason: string, details: Readonly<Record<string, unknown>> = {}): never {
    throw new FileFormatError(`${this.#source}: ${reason}`, { source: this.#source, ...details });
  }

  #checkFormat(): void {
    if (oldMagic.every((byte, i) => this.#bytes[i] === byte)) {
      this.#fail(
        "this is the format of PyTorch before 1.6, which is no zip archive; load it in Python and save it again: " +
          "torch.save(torch.load(path), path)",
      );
    }
    if (!isZip(this.#bytes)) {
      const found = Array.from(this.#bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(
        " ",
      );
      this.#fail(
        `a file of torch.save begins as a zip archive does, with 50 4b 03 04, not with ${found || "nothing"}`,
      );
    }
  }

  /** Folder of the archive in which everything lies. */
  #rootOf(archive: ZipArchive): string {
    const roots = [...archive.entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    const [name] = roots;
    if (name === undefined || roots.length > 1) {
      return this.#fail(
        `the zip archive has ${roots.length} entries */data.pkl where a file of torch.save has one; its entries: ` +
          `${[...archive.entries.keys()].slice(0, 5).join(", ")}`,
      );
    }
    const root = name.slice(0, -"data.pkl".length);
    if (archive.entries.has(`${root}constants.pkl`)) {
      this.#fail(`this is a TorchScript program, not weights; ${plainFix}`);
    }
    return root;
  }

  async #checkByteOrder(archive: ZipArchive, root: string): Promise<void> {
    const entry = archive.entries.get(`${root}byteorder`);
    if (entry === undefined) return;
    const order = entry.size > 10 ? "" : new TextDecoder().decode(await archive.read(entry));
    if (order !== "little") {
      this.#fail(
        `${entry.name} says ${JSON.stringify(order)}; only little-endian values are read: save the file on a ` +
          "little-endian machine, such as any PC",
        { byteorder: order },
      );
    }
  }

  #unpickle(pickle: Uint8Array, name: string, tensors: TorchTensor[]): PickleValue {
    const fail: PickleFail = (reason, at, details) =>
      this.#fail(`${name}: ${reason} (at byte ${at} of it)`, { part: name, offset: at, ...details });
    const remember = (value: PickleValue): PickleValue => {
      if (value instanceof TorchTensor) tensors.push(value);
      return value;
    };
    return unpickle(pickle, {
      fail,
      persistent: torchStorage,
      global: (path) => {
        const reason = unsupportedReason(path);
        if (reason !== undefined) this.#fail(`${name}: ${path} is ${reason}`, { part: name, global: path });
        const found = torchGlobal(path);
        const { call } = found ?? {};
        return call === undefined ? found : new PyGlobal(path, (args, stop) => remember(call(args, stop)));
      },
    });
  }

  async #readStorage(
    archive: ZipArchive,
    root: string,
    { key, byteLength }: TorchTensor["storage"],
  ): Promise<void> {
    const name = `${root}data/${key}`;
    const entry =
      archive.entries.get(name) ?? this.#fail(`the entry ${name} is missing; the file is damaged`);
    if (entry.size !== byteLength) {
      this.#fail(
        `the entry ${name} has ${entry.size} bytes, but data.pkl says ${byteLength}; the file is damaged`,
        {
          part: name,
        },
      );
    }
    if (this.#storages.has(key)) return;
    const values = await archive.read(entry);
    // A typed array must begin at a multiple of its element size; a file inside a larger buffer may not.
    this.#storages.set(key, values.byteOffset % 8 === 0 ? values : values.slice());
  }

  #convert(value: PickleValue, path: readonly string[]): TorchValue {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    const made = this.#made.get(value);
    if (made !== undefined) return made;
    const at = path.join(".") || "the top";
    if (this.#open.has(value)) this.#fail(`${at} contains itself; ${plainFix}`);
    if (path.length > deepest) this.#fail(`${at} lies more than ${deepest} levels deep; ${plainFix}`);
    this.#open.add(value);
    const result = this.#convertObject(value, path, at);
    this.#open.delete(value);
    this.#made.set(value, result);
    return result;
  }

  #convertObject(value: object, path: readonly string[], at: string): TorchValue {
    if (value instanceof TorchTensor) return this.#tensor(value, at);
    if (value instanceof PyTuple || value instanceof PyList) {
      return value.items.map((item, i) => this.#convert(item, [...path, String(i)]));
    }
    if (value instanceof PyDict) {
      // Own properties, whatever they are called: "__proto__" is a key like any other.
      return Object.fromEntries(
        [...value.entries].map(([key, item]) => [key, this.#convert(item, [...path, key])]),
      );
    }
    if (value instanceof PyGlobal && isDTypeName(value.path)) return value.path;
    const kind =
      value instanceof PyGlobal ? `the Python class or function ${value.path}` : "a storage without a tensor";
    return this.#fail(`${at} is ${kind}; ${plainFix}`, { path });
  }

  #tensor({ storage, type, offset, shape, strides }: TorchTensor, at: string): Tensor {
    const values = this.#storages.get(storage.key) ?? new Uint8Array();
    const size = fileDTypes[type].bytes;
    const length = sizeOf(shape);
    const row = contiguousStrides(shape);
    const isDense = length === 0 || shape.every((n, d) => n === 1 || strides[d] === row[d]);
    const begin = length === 0 ? 0 : offset * size;
    const isView = isDense && fileDTypes[type].read === undefined;
    const copied = (isDense ? 0 : length * size) + (isView ? 0 : length * byteSize(fileDTypes[type].dtype));
    this.#copiesLeft -= copied;
    if (!(this.#copiesLeft >= 0)) {
      this.#fail(
        `tensor "${at}" of shape ${formatShape(shape)} repeats the elements of its storage, and with it the tensors take ` +
          `more than ${mostCopies} times the file; save t.clone() instead of views that overlap or are expanded`,
        { path: at, shape },
      );
    }
    const bytes = isDense
      ? values.subarray(begin, begin + length * size)
      : gather(values, { itemSize: size, offset, shape, strides });
    const { dtype, data } = decodeValues(type, bytes, (reason) =>
      this.#fail(`tensor "${at}" ${reason}; save t.to(torch.float32), or values that fit`, {
        path: at,
        type,
      }),
    );
    return fromOwned(data, shape, dtype);
  }
}
