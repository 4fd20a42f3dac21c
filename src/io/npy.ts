/**
 * NumPy's `.npy` format, versions 1 to 3, and archives of them (`.npz`). Arrays of objects are pickles and are refused.
 *
 * Layout: the bytes 93 "NUMPY", two bytes of version, the header's length (2 bytes little-endian, 4 from version 2 on),
 * the header, and the values without gaps.
 */
import type { DType } from "../base/dtype.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { contiguousStrides, formatShape, sizeOf } from "../base/shape.ts";
import { fromOwned } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkBytes, plainBytes } from "./bytes.ts";
import { formatNpyHeader, parseNpyHeader } from "./npy-header.ts";
import { decodeValues, type FileDTypeName, fileDTypes } from "./safetensors-values.ts";
import { gather } from "./strided.ts";
import { isZip, ZipArchive } from "./zip.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's names of our types, little-endian. */
const written: Readonly<Record<DType, string>> = {
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  uint8: "|u1",
  bool: "|b1",
};

/** NumPy's kinds and sizes that can be read. */
const read: Readonly<Record<string, FileDTypeName>> = {
  ...{ f8: "F64", f4: "F32", f2: "F16", i8: "I64", i4: "I32", i2: "I16", i1: "I8" },
  ...{ u8: "U64", u4: "U32", u2: "U16", u1: "U8", b1: "BOOL" },
};

/** What cannot be read, by NumPy's letter of its kind, and what to do. */
const refused: Readonly<Record<string, string>> = {
  O: "an array of Python objects, which is a pickle that could run code; save numbers: np.save(path, a.astype(np.float32))",
  c: "complex numbers; save a.real and a.imag",
  U: "texts; save numbers, such as the index of each text in a list",
  S: "texts; save numbers, such as the index of each text in a list",
  M: "dates; save a.astype(np.float64), which is a number of the same unit",
  m: "durations; save a.astype(np.float64), which is a number of the same unit",
};

/**
 * Writes a tensor as the bytes of an `.npy` file, which are those that NumPy writes.
 *
 * @throws ArgumentError when it is no tensor
 * @example
 * const bytes = await io.saveNpy(tensor([[1, 2], [3, 4]])); // np.load reads it
 * io.loadNpy(bytes); // [[1, 2], [3, 4]]
 */
export async function saveNpy(tensor: Tensor): Promise<Uint8Array<ArrayBuffer>> {
  if (!(tensor instanceof Tensor)) {
    throw new ArgumentError(`saveNpy: tensor is ${typeof tensor}, not a Tensor; make one with tensor(data)`, {
      tensor,
    });
  }
  const data = await tensor.data();
  const header = formatNpyHeader({ descr: written[tensor.dtype], fortranOrder: false, shape: tensor.shape });
  // Values begin at a multiple of 64, and a line break ends the header.
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const file = new Uint8Array(start + data.byteLength);
  file.set([...magic, 1, 0, (start - 10) & 0xff, (start - 10) >> 8]);
  file.fill(0x20, 10, start);
  file.set(new TextEncoder().encode(header), 10);
  file[start - 1] = 0x0a;
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return file;
}

/**
 * Reads an `.npy` file. `float32 float64 int32 uint8 bool` keep their type, of either byte order; `float16` becomes
 * `float32`; other integers become `int32`, and a value out of its range is an error. The tensor may share memory with `bytes`.
 *
 * @param bytes The whole file.
 * @param options.source What messages call it, such as a path. Default ".npy file".
 *
 * @throws ArgumentError when `bytes` are none, and FileFormatError naming the reason and the byte offset: for a damaged file, and for arrays of objects, texts,
 *   dates, complex numbers or several fields
 * @example
 * const bytes = await io.saveNpy(arange(3));
 * io.loadNpy(bytes, { source: "numbers.npy" }); // [0, 1, 2]
 */
export function loadNpy(bytes: Uint8Array, options: { source?: string } = {}): Tensor {
  checkBytes(bytes, options, ["source"], "loadNpy", "loadNpyFile(path) of tatamijs/node reads a file");
  const { source = ".npy file" } = options;
  const fail = (reason: string, offset: number, details: Readonly<Record<string, unknown>> = {}): never => {
    throw new FileFormatError(`${source}: ${reason} (at byte ${offset})`, { source, offset, ...details });
  };
  const { text, textAt, start } = readHeader(bytes, fail);
  const { descr, fortranOrder, shape } = parseNpyHeader(text, (reason, at) => fail(reason, textAt + at));
  const { type, isSwapped } = typeOf(descr, (reason) => fail(reason, textAt, { descr }));
  const { bytes: size } = fileDTypes[type];
  const length = sizeOf(shape);
  const values = plainBytes(bytes).subarray(start);
  // The nonzero sizes: an empty array may not have a product that overflows on the way either.
  if (!Number.isSafeInteger(sizeOf(shape.filter((n) => n > 0)) * size)) {
    fail(`the array has shape ${formatShape(shape)}, more than 2^53 - 1 bytes`, textAt, { shape });
  }
  if (values.length !== length * size) {
    const what = values.length < length * size ? "the file is cut off" : "the file holds more than one array";
    const found = `${length * size} bytes, but ${values.length} follow the header`;
    fail(`the array of shape ${formatShape(shape)} and dtype ${descr} takes ${found}; ${what}`, start, {
      shape,
    });
  }
  const ordered = inRowOrder(isSwapped ? swapped(values, size) : values, size, shape, fortranOrder);
  const { dtype, data } = decodeValues(type, ordered, (reason, at) =>
    fail(`the array ${reason}; save a.astype(np.float32), or values that fit`, start + at),
  );
  return fromOwned(data, shape, dtype);
}

/**
 * Reads an `.npz` file, as `np.savez` and `np.savez_compressed` write it: a zip archive of `.npy` files. Types are converted
 * as {@link loadNpy} does.
 *
 * @param bytes The whole file.
 * @param options.source What messages call it, such as a path. Default ".npz file".
 * @returns The arrays by name; `arr_0` is the first that was saved without one.
 *
 * @throws ArgumentError when `bytes` are none, and FileFormatError naming the array and the reason
 * @example
 * const arrays = await io.loadNpz(npzFile); // np.savez(path, x=np.eye(2), y=np.arange(3))
 * arrays.y; // [0, 1, 2]
 */
export async function loadNpz(
  bytes: Uint8Array,
  options: { source?: string } = {},
): Promise<Record<string, Tensor>> {
  checkBytes(bytes, options, ["source"], "loadNpz", "loadNpzFile(path) of tatamijs/node reads a file");
  const { source = ".npz file" } = options;
  if (!isZip(bytes) && magic.every((byte, i) => bytes[i] === byte)) {
    throw new FileFormatError(`${source}: this is one .npy array, not an archive; read it with loadNpy`, {
      source,
    });
  }
  const archive = new ZipArchive(bytes, source);
  const arrays: [string, Tensor][] = [];
  for (const entry of archive.entries.values()) {
    const name = entry.name.replace(/\.npy$/, "");
    if (name === entry.name) {
      throw new FileFormatError(
        `${source}: "${name}" is no .npy array; an .npz file, as np.savez writes it, holds nothing else`,
        { source, name },
      );
    }
    arrays.push([name, loadNpy(await archive.read(entry), { source: `${source}: ${entry.name}` })]);
  }
  return Object.fromEntries(arrays);
}

type Fail = (reason: string, offset: number, details?: Readonly<Record<string, unknown>>) => never;

/** The text of the header, where it begins, and where the values do. */
function readHeader(bytes: Uint8Array, fail: Fail): { text: string; textAt: number; start: number } {
  if (!magic.every((byte, i) => bytes[i] === byte)) {
    const hint = isZip(bytes) ? "this is a zip archive: read it with loadNpz" : "is this another format?";
    fail(`an .npy file begins with the bytes 93 "NUMPY"; ${hint}`, 0);
  }
  const [major = 0, minor] = bytes.subarray(6, 8);
  if (major < 1 || major > 3 || minor !== 0)
    fail(`version ${major}.${minor ?? 0} is not known; 1.0, 2.0 and 3.0 are`, 6);
  const textAt = major === 1 ? 10 : 12;
  if (bytes.length < textAt) fail("the file is cut off in the length of its header", 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = textAt + length;
  if (start > bytes.length)
    fail(`the header takes ${length} bytes, but only ${bytes.length - textAt} follow; it is cut off`, 8);
  const encoding = major === 3 ? "utf-8" : "latin1";
  try {
    return {
      text: new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(textAt, start)),
      textAt,
      start,
    };
  } catch {
    return fail("the header is not valid UTF-8", textAt);
  }
}

/** The element type by NumPy's name: byte order, letter of the kind, size. */
function typeOf(descr: string, fail: (reason: string) => never): { type: FileDTypeName; isSwapped: boolean } {
  const [, order, name = "", kind = ""] = /^([<>|=])?(([a-zA-Z])\d*)/.exec(descr) ?? [];
  if (Object.hasOwn(refused, kind)) fail(`dtype "${descr}" is ${refused[kind]}`);
  const type = Object.hasOwn(read, name) && descr === `${order ?? ""}${name}` ? read[name] : undefined;
  if (type === undefined) {
    return fail(
      `dtype "${descr}" is not read; save a.astype(np.float32) or another of ${Object.keys(read).join(", ")}`,
    );
  }
  return { type, isSwapped: order === ">" && fileDTypes[type].bytes > 1 };
}

/** A copy with the bytes of each element turned around. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < out.length; i++) out[i] = bytes[i - (i % size) + size - 1 - (i % size)] as number;
  return out;
}

/** The elements row by row: where the first dimension varies fastest, the last one's stride is the largest. */
function inRowOrder(
  bytes: Uint8Array,
  size: number,
  shape: readonly number[],
  fortranOrder: boolean,
): Uint8Array {
  if (!fortranOrder || shape.length < 2 || bytes.length === 0) return bytes;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const strides = contiguousStrides(shape.toReversed()).reverse();
  return gather(aligned, { itemSize: size, offset: 0, shape, strides });
}
