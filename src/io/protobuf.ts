/**
 * The wire format of Protocol Buffers, as far as event files and ONNX need it. Encoders give one field each, to be joined in the
 * order of their numbers, as the reference implementation writes them; a value that is its type's default is left out,
 * unless it is `always` written, as a member of a oneof is. The decoder trusts nothing that it reads.
 */

/** Called with the reason and the byte offset; must throw. */
export type WireFail = (reason: string, at: number) => never;

/** A field as it stands in a message: numbers as their bytes, everything longer as a view of the message. */
export interface WireField {
  readonly number: number;
  /** How the value is written. */
  readonly type: "varint" | "fixed64" | "bytes" | "fixed32";
  /** A varint's value; 0n for the other types. */
  readonly integer: bigint;
  /** The bytes of the value; of a varint none. */
  readonly bytes: Uint8Array;
  /** Where the value begins in the file. */
  readonly at: number;
}

const nothing = new Uint8Array();

/** Parts one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Seven bits a byte, the lowest first; negative numbers are those of 64 bits. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tagOf = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);

/** An int32, int64, bool or enum. */
export function intField(field: number, value: number | bigint, always = false): Uint8Array {
  return Number(value) === 0 && !always ? nothing : join(tagOf(field, 0), varint(value));
}

export function doubleField(field: number, value: number, always = false): Uint8Array {
  return value === 0 && !always ? nothing : join(tagOf(field, 1), fixed(value));
}

/** A float, always written. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join(tagOf(field, 5), bytes);
}

export function bytesField(field: number, value: Uint8Array, always = false): Uint8Array {
  return value.length === 0 && !always ? nothing : messageField(field, value);
}

export function textField(field: number, value: string, always = false): Uint8Array {
  return bytesField(field, new TextEncoder().encode(value), always);
}

/** A message inside of another, always written. */
export function messageField(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = join(...parts);
  return join(tagOf(field, 2), varint(body.length), body);
}

/**
 * A message inside of another as pieces that are not joined yet: what holds gigabytes of weights is copied once, when the
 * whole file is joined.
 */
export function messagePieces(field: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [join(tagOf(field, 2), varint(length)), ...pieces];
}

/** Integers side by side, as proto3 packs them; those beyond 2 ** 53 as bigint. */
export function intsField(field: number, values: readonly (number | bigint)[]): Uint8Array {
  return bytesField(field, join(...values.map(varint)));
}

/** Floats side by side, as proto3 packs them. */
export function floatsField(field: number, values: readonly number[]): Uint8Array {
  return bytesField(field, new Uint8Array(littleEndian(values).buffer));
}

function littleEndian(values: readonly number[]): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => void view.setFloat32(4 * i, value, true));
  return view;
}

/** Doubles side by side, as proto3 packs them. */
export function doublesField(field: number, values: readonly number[]): Uint8Array {
  return bytesField(field, join(...values.map(fixed)));
}

function fixed(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** The number that begins at byte `start`, of 64 bits without a sign, and where the next thing does. */
function varintAt(
  bytes: Uint8Array,
  start: number,
  at: number,
  fail: WireFail,
): { readonly value: bigint; readonly next: number } {
  // Most numbers are tags, small lengths and dimensions: no big integers are needed to put those together.
  let low = 0;
  for (let i = start, scale = 1; i < start + 4; i++, scale *= 128) {
    const byte = bytes[i];
    if (byte === undefined) return fail("a number is cut off", at + start);
    low += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: BigInt(low), next: i + 1 };
  }
  let value = BigInt(low);
  for (let i = start + 4, shift = 28n; i < start + 10; i++, shift += 7n) {
    const byte = bytes[i];
    if (byte === undefined) return fail("a number is cut off", at + start);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: i + 1 };
  }
  return fail("a number is longer than 64 bits", at + start);
}

/**
 * The fields of a message, one after the other.
 *
 * @param at Where the message begins in the file, for messages.
 */
export function* fieldsOf(bytes: Uint8Array, at: number, fail: WireFail): Generator<WireField> {
  let i = 0;
  const readVarint = (): bigint => {
    const { value, next } = varintAt(bytes, i, at, fail);
    i = next;
    return value;
  };
  while (i < bytes.length) {
    const start = i;
    const tag = readVarint();
    const number = Number(tag >> 3n);
    const type = (["varint", "fixed64", "bytes", undefined, undefined, "fixed32"] as const)[Number(tag & 7n)];
    if (number < 1 || number > 0x1fffffff || type === undefined) {
      return fail(`${tag} begins no field of a message`, at + start);
    }
    const integer = type === "varint" || type === "bytes" ? readVarint() : 0n;
    const length = type === "bytes" ? integer : { varint: 0n, fixed64: 8n, fixed32: 4n }[type];
    if (length > BigInt(bytes.length - i)) {
      return fail(`field ${number} takes ${length} bytes, but ${bytes.length - i} are left`, at + i);
    }
    const value = bytes.subarray(i, i + Number(length));
    yield { number, type, integer: type === "varint" ? integer : 0n, bytes: value, at: at + i };
    i += Number(length);
  }
}

/** The value of a double or float. */
export function numberOf({ number, type, bytes, at }: WireField, fail: WireFail): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === "fixed64") return view.getFloat64(0, true);
  if (type === "fixed32") return view.getFloat32(0, true);
  return fail(`field ${number} is no floating-point number`, at);
}

/** The value of an int64 that is an integer here too. */
export function integerOf({ number, type, integer, at }: WireField, fail: WireFail): number {
  if (type !== "varint") return fail(`field ${number} is no integer`, at);
  const value = Number(BigInt.asIntN(64, integer));
  return Number.isSafeInteger(value) ? value : fail(`field ${number} is ${value}, beyond 2^53`, at);
}

/** The bytes of a text, a message or bytes. */
export function bytesOf({ number, type, bytes, at }: WireField, fail: WireFail): Uint8Array {
  return type === "bytes" ? bytes : fail(`field ${number} is no text and no message`, at);
}

export function textOf(field: WireField, fail: WireFail): string {
  const bytes = bytesOf(field, fail);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(`field ${field.number} is not valid UTF-8`, field.at);
  }
}

/** Doubles or floats, packed or one by one. */
export function numbersOf(field: WireField, size: 4 | 8, fail: WireFail): number[] {
  if (field.type !== "bytes") return [numberOf(field, fail)];
  const { bytes, number, at } = field;
  if (bytes.length % size !== 0) fail(`field ${number} is no list of numbers of ${size} bytes`, at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, i) =>
    size === 8 ? view.getFloat64(8 * i, true) : view.getFloat32(4 * i, true),
  );
}

/**
 * Signed integers of 64 bits, packed or one by one: exact as they stand, for the reader to narrow.
 *
 * @param most how many there may be: each takes more memory here than in the file
 */
export function integersOf(field: WireField, fail: WireFail, most: number): bigint[] {
  if (field.type === "varint") return [BigInt.asIntN(64, field.integer)];
  const { at, number } = field;
  const bytes = bytesOf(field, fail);
  const found: bigint[] = [];
  for (let i = 0; i < bytes.length; ) {
    const { value, next } = varintAt(bytes, i, at, fail);
    if (found.length === most) fail(`field ${number} lists more than ${most} integers`, at + i);
    found.push(BigInt.asIntN(64, value));
    i = next;
  }
  return found;
}
