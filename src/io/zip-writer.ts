/**
 * Writes zip archives whose entries are stored, not packed, each with its content at a multiple of 64 bytes, as
 * `torch.save` does: readers may map it into memory. Archives of up to 4 GB, without the 64-bit extension.
 */

import { crc32 } from "../base/crc32.ts";
import { ArgumentError } from "../base/errors.ts";

const alignment = 64;
const limit = 0xffffffff;

/** 1 January 1980, the earliest that the format has: equal content gives equal bytes. */
const date = 0x21;
const version = 20;
/** Names are UTF-8. */
const flags = 0x800;

interface Placed {
  readonly name: Uint8Array;
  readonly content: Uint8Array;
  readonly checksum: number;
  /** Where its header begins. */
  readonly offset: number;
  /** Bytes of the extra field that move the content to its place. */
  readonly padding: number;
}

/**
 * The bytes of an archive.
 *
 * @param entries Names and contents, in the order of the file.
 * @throws ArgumentError when it would take more than 4 GB
 */
export function writeZip(entries: Iterable<readonly [string, Uint8Array]>): Uint8Array<ArrayBuffer> {
  const placed: Placed[] = [];
  let at = 0;
  for (const [text, content] of entries) {
    const name = new TextEncoder().encode(text);
    // An extra field has a head of four bytes.
    const bare = at + 30 + name.length + 4;
    const padding = 4 + ((alignment - (bare % alignment)) % alignment);
    placed.push({ name, content, checksum: crc32(content), offset: at, padding });
    at += 30 + name.length + padding + content.length;
  }
  const directory = at;
  const size = placed.reduce((sum, { name }) => sum + 46 + name.length, 0);
  const total = directory + size + 22;
  if (total > limit || placed.length > 0xffff) {
    throw new ArgumentError(
      `writeZip: ${placed.length} entries of ${total} bytes do not fit an archive of 4 GB; write safetensors`,
      { total, entries: placed.length },
    );
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  for (const entry of placed) writeLocal(bytes, view, entry);
  for (const entry of placed) at = writeCentral(bytes, view, entry, at);
  writeEnd(view, at, { count: placed.length, size, directory });
  return bytes;
}

/** What both headers of an entry have: version to bytes of the name. */
function writeCommon(view: DataView, at: number, { name, content, checksum }: Placed): void {
  view.setUint16(at, version, true);
  view.setUint16(at + 2, flags, true);
  view.setUint16(at + 8, date, true);
  view.setUint32(at + 10, checksum, true);
  view.setUint32(at + 14, content.length, true);
  view.setUint32(at + 18, content.length, true);
  view.setUint16(at + 22, name.length, true);
}

function writeLocal(bytes: Uint8Array, view: DataView, entry: Placed): void {
  const { name, content, offset, padding } = entry;
  view.setUint32(offset, 0x04034b50, true);
  writeCommon(view, offset + 4, entry);
  view.setUint16(offset + 28, padding, true);
  bytes.set(name, offset + 30);
  const extra = offset + 30 + name.length;
  // "FB", which PyTorch's own padding is called.
  view.setUint16(extra, 0x4246, true);
  view.setUint16(extra + 2, padding - 4, true);
  bytes.set(content, extra + padding);
}

function writeCentral(bytes: Uint8Array, view: DataView, entry: Placed, at: number): number {
  view.setUint32(at, 0x02014b50, true);
  view.setUint16(at + 4, version, true);
  writeCommon(view, at + 6, entry);
  view.setUint32(at + 42, entry.offset, true);
  bytes.set(entry.name, at + 46);
  return at + 46 + entry.name.length;
}

function writeEnd(
  view: DataView,
  at: number,
  { count, size, directory }: { count: number; size: number; directory: number },
): void {
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, count, true);
  view.setUint16(at + 10, count, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, directory, true);
}
