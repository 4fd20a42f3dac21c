/**
 * Writes what `torch.load` reads: a zip archive with a pickle of the structure and one entry of raw values for each
 * tensor. The pickle names nothing but what tensors are made of, so `weights_only=True` reads it.
 */
import type { DType } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { contiguousStrides } from "../base/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { writeZip } from "./zip-writer.ts";

/** What can be saved: what Python has a plain value for. */
export type TorchSaveValue =
  | Tensor
  | null
  | boolean
  | number
  | string
  | readonly TorchSaveValue[]
  | ReadonlyMap<number | string, TorchSaveValue>
  | { readonly [key: string]: TorchSaveValue };

/** The class of a storage in `torch`, by our element types. */
const storageClasses: Readonly<Record<DType, string>> = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  int32: "IntStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

const folder = "archive";

/**
 * Writes tensors, and plain values around them, as a file of `torch.save`: for `torch.load` of PyTorch 1.6 and newer, and
 * of any machine. A state dict is what it is made for.
 *
 * An object becomes a dict with text as keys, a Map one with the keys that it has; lists become lists; a number that is an
 * integer becomes an int, any other a float.
 *
 * @param value For example `model.stateDict()`.
 * @returns The bytes of the file; equal content gives equal bytes.
 *
 * @throws ArgumentError naming the path of a value that is none of the accepted kinds
 * @example
 * const bytes = await io.saveTorch({ state_dict: model.stateDict(), epoch: 3 });
 * // In Python: checkpoint = torch.load("model.pt"); net.load_state_dict(checkpoint["state_dict"])
 * (await io.loadTorch(bytes)).epoch; // 3
 */
export async function saveTorch(value: TorchSaveValue): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new PickleWriter();
  writer.value(value, []);
  const pickle = writer.finish();
  const storages = await Promise.all(
    writer.tensors.map(async (t, i): Promise<[string, Uint8Array]> => {
      const data = await t.data();
      return [`${folder}/data/${i}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
    }),
  );
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  return writeZip([
    [`${folder}/data.pkl`, pickle],
    [`${folder}/byteorder`, text("little")],
    ...storages,
    [`${folder}/version`, text("3\n")],
  ]);
}

/** Protocol 2, which every Python 3 reads. */
class PickleWriter {
  readonly tensors: Tensor[] = [];
  readonly #bytes: number[] = [0x80, 2];

  finish(): Uint8Array {
    this.#text(".");
    return Uint8Array.from(this.#bytes);
  }

  value(value: unknown, path: readonly string[]): void {
    if (value instanceof Tensor) this.#tensor(value);
    else if (value === null) this.#text("N");
    else if (typeof value === "boolean") this.#boolean(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#string(value);
    else if (Array.isArray(value)) {
      this.#text("](");
      value.forEach((item, i) => void this.value(item, [...path, String(i)]));
      this.#text("e");
    } else if (value instanceof Map) this.#dict([...value], path);
    else if (typeof value === "object" && isPlain(value)) this.#dict(Object.entries(value), path);
    else {
      const kind = typeof value === "object" ? `a ${value.constructor.name}` : typeof value;
      throw new ArgumentError(
        `saveTorch: ${path.join(".") || "the value"} is ${kind}; give tensors, numbers, strings, booleans, null, lists, ` +
          "maps and plain objects such as model.stateDict()",
        { path },
      );
    }
  }

  #dict(entries: readonly (readonly [unknown, unknown])[], path: readonly string[]): void {
    this.#text("}(");
    for (const [key, item] of entries) {
      this.value(key, path);
      this.value(item, [...path, String(key)]);
    }
    this.#text("u");
  }

  #boolean(value: boolean): void {
    this.#bytes.push(value ? 0x88 : 0x89);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value);
    else {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setFloat64(0, value);
      this.#text("G");
      this.#bytes.push(...new Uint8Array(bytes.buffer));
    }
  }

  #integer(value: number): void {
    if (value >= 0 && value < 256) this.#bytes.push(0x4b, value);
    else if (value === (value | 0)) {
      this.#text("J");
      this.#bytes.push(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff);
    } else {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setBigInt64(0, BigInt(value), true);
      this.#bytes.push(0x8a, 8, ...new Uint8Array(bytes.buffer));
    }
  }

  #string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    const { length } = bytes;
    this.#bytes.push(0x58, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  #tuple(items: readonly number[]): void {
    this.#text("(");
    for (const item of items) this.#integer(item);
    this.#text("t");
  }

  /** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)` */
  #tensor(t: Tensor): void {
    const key = String(this.tensors.push(t) - 1);
    this.#text("ctorch._utils\n_rebuild_tensor_v2\n((");
    this.#string("storage");
    this.#text(`ctorch\n${storageClasses[t.dtype]}\n`);
    this.#string(key);
    this.#string("cpu");
    this.#integer(t.numel());
    this.#text("tQ");
    this.#integer(0);
    this.#tuple(t.shape);
    this.#tuple(contiguousStrides(t.shape));
    this.#boolean(false);
    this.#text("ccollections\nOrderedDict\n)RtR");
  }

  #text(ascii: string): void {
    for (let i = 0; i < ascii.length; i++) this.#bytes.push(ascii.charCodeAt(i));
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
