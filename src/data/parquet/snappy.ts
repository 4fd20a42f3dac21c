/**
 * Unpacks Snappy, by its format description (google/snappy, format_description.txt). Ours, since every length and distance has
 * to be compared with what there is: with the decoder of hyparquet, a damaged one sends it back and forth for minutes.
 */
import type { PageFail } from "./page-values.ts";

/** @param size Bytes that the result must have. */
export function unpackSnappy(bytes: Uint8Array, size: number, fail: PageFail): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  let done = 0;
  const next = (count: number): number => {
    if (at + count > bytes.length) fail("its Snappy data ends too early");
    let value = 0;
    for (let i = 0; i < count; i++) value += (bytes[at++] as number) * 2 ** (8 * i);
    return value;
  };
  if (lengthAhead(next) !== size) fail(`its Snappy data is not of the ${size} bytes that the page says`);
  while (at < bytes.length) {
    const tag = next(1);
    const kind = tag & 3;
    if (kind === 0) {
      // Lengths above 60 stand in one to four bytes of their own.
      const short = tag >> 2;
      const length = (short < 60 ? short : next(short - 59)) + 1;
      if (at + length > bytes.length || done + length > size) fail("its Snappy data reaches beyond its end");
      out.set(bytes.subarray(at, at + length), done);
      at += length;
      done += length;
    } else {
      const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const distance = kind === 1 ? (tag >> 5) * 256 + next(1) : next(kind === 2 ? 2 : 4);
      if (distance === 0 || distance > done || done + length > size)
        fail("its Snappy data refers to bytes that are not there");
      // Byte by byte: what is copied may be part of the copy.
      for (let i = 0; i < length; i++, done++) out[done] = out[done - distance] as number;
    }
  }
  return done === size ? out : fail(`its Snappy data gives ${done} bytes, not ${size}`);
}

/** The number of bytes of the result, seven bits in each byte, which comes first. */
function lengthAhead(next: (count: number) => number): number {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = next(1);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return length;
  }
  return Number.POSITIVE_INFINITY;
}
