/**
 * Values of one page of a Parquet column, unpacked: bytes or whole numbers, plain or by a dictionary. Every count that the
 * page names is compared with what it may be before anything is made of it.
 */

/** Called with the reason; must throw. */
export type PageFail = (reason: string) => never;

/** A value of a column: bytes, or a whole number. */
export type ParquetValue = Uint8Array | number;

/** Physical types that are read. */
export type LeafType = "BYTE_ARRAY" | "INT32" | "INT64";

/** Plain values, one after the other. */
export function plainValues(
  bytes: Uint8Array,
  type: LeafType,
  count: number,
  fail: PageFail,
): ParquetValue[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const least = type === "INT64" ? 8 : 4;
  if (count * least > bytes.length)
    fail(`a page of ${bytes.length} bytes cannot hold ${count} values of ${type}`);
  const values = new Array<ParquetValue>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (type === "BYTE_ARRAY") {
      const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
      if (at + 4 + length > bytes.length) fail("a value reaches beyond the end of its page");
      values[i] = bytes.subarray(at + 4, at + 4 + length);
      at += 4 + length;
    } else {
      values[i] = type === "INT64" ? wideNumber(view.getBigInt64(at, true), fail) : view.getInt32(at, true);
      at += least;
    }
  }
  return values;
}

function wideNumber(value: bigint, fail: PageFail): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : fail(`the value ${value} is beyond 2^53`);
}

/**
 * Small whole numbers as runs of equal ones and groups of eight, packed bit by bit (RLE/bit-packing hybrid).
 *
 * @param width Bits of a number, 0 to 24.
 * @param count How many there are; exactly so many are given.
 */
export function runs(bytes: Uint8Array, width: number, count: number, fail: PageFail): Int32Array {
  const out = new Int32Array(count);
  const byteWidth = Math.ceil(width / 8);
  let at = 0;
  let done = 0;
  const next = (): number => bytes[at++] ?? fail("the runs of a page end too early");
  while (done < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = next();
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
      if (shift > 28) fail("the length of a run has more than 32 bits");
    }
    const length = Math.floor(header / 2);
    if (header % 2 === 0) {
      let value = 0;
      for (let i = 0; i < byteWidth; i++) value += next() * 2 ** (8 * i);
      if (length === 0 || length > count - done)
        fail(`a run of ${length} values does not fit a page of ${count}`);
      out.fill(value, done, done + length);
      done += length;
    } else {
      // The last group is filled up to eight values.
      if (length === 0 || length * 8 > count - done + 7)
        fail(`a run of ${length} groups does not fit a page of ${count}`);
      const end = at + length * width;
      // Writers may leave out bytes of the filling.
      const packed = bytes.subarray(at, end);
      const wanted = Math.min(length * 8, count - done);
      if (packed.length * 8 < wanted * width) fail("the runs of a page end too early");
      for (let i = 0; i < wanted; i++) out[done + i] = bitsAt(packed, i * width, width);
      done += wanted;
      at = end;
    }
  }
  return out;
}

/** The lowest bit first. */
function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  const first = bit >> 3;
  let value = 0;
  for (let i = 0; i <= (width + 7) >> 3; i++) value += (bytes[first + i] ?? 0) * 2 ** (8 * i);
  return Math.floor(value / 2 ** (bit & 7)) % 2 ** width;
}
