/**
 * TFRecord files: each record is its length (8 bytes little-endian), the masked check of these bytes, the data, and the
 * masked check of the data. The check is CRC-32C; it is masked since a check of data that holds checks is weak.
 */
import { crc32c } from "../../base/crc32.ts";

/** Called with the reason and the byte offset; must throw. */
export type RecordFail = (reason: string, at: number) => never;

/** Rotated right by 15 bits, plus a constant of the format. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record around its data. */
export function recordOf(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return record;
}

/**
 * The data of each record, as views.
 *
 * @param partial The last record may be cut off, as in a file that is being written: then it is left out.
 */
export function* recordsIn(
  bytes: Uint8Array,
  partial: boolean,
  fail: RecordFail,
): Generator<{ readonly data: Uint8Array; readonly at: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fix = "the file is cut off; pass partial: true for one that is still being written";
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at;
    if (left < 12) {
      if (partial) return;
      fail(`${left} bytes are left, too few for a record; ${fix}`, at);
    }
    if (view.getUint32(at + 8, true) !== masked(crc32c(bytes.subarray(at, at + 8)))) {
      fail("the length of a record does not match its checksum; the file is damaged, or no event file", at);
    }
    const length = view.getBigUint64(at, true);
    if (length > BigInt(left - 16)) {
      if (partial) return;
      fail(`a record takes ${length} bytes, but ${Math.max(0, left - 16)} are left; ${fix}`, at);
    }
    const end = at + 12 + Number(length);
    const data = bytes.subarray(at + 12, end);
    if (view.getUint32(end, true) !== masked(crc32c(data))) {
      fail("a record does not match its checksum; the file is damaged", at + 12);
    }
    yield { data, at: at + 12 };
    at = end + 4;
  }
}
