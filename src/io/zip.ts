/**
 * Reads zip archives, as `.pt` and `.npz` files are: entries that are stored or deflated, with or without the 64-bit
 * extension. It trusts nothing that it reads. Entries may not overlap and deflate grows at most 1032-fold, so no archive
 * can ask for more memory than that multiple of its own size; a stored entry is a view of the archive.
 *
 * Refused: encryption, archives in several parts, other compressions, two entries of one name, what follows the end.
 */

import { crc32 } from "../base/crc32.ts";
import { FileFormatError } from "../base/errors.ts";
import { plainBytes } from "./bytes.ts";

/** An entry as the directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once it is unpacked. */
  readonly size: number;
  /** Bytes in the archive. */
  readonly packedSize: number;
  readonly isDeflated: boolean;
  readonly checksum: number;
  /** Where its own header begins. */
  readonly offset: number;
}

/** The largest growth that deflate can express: 258 bytes by two bits. */
const largestGrowth = 1032;

const signatures = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
};

/** Whether these bytes begin as a zip archive with at least one entry does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === signatures.local;
}

/** An archive whose directory has been read and checked. */
export class ZipArchive {
  /** By name, in the order of the directory. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #bytes: Uint8Array;
  readonly #source: string;

  /**
   * @param source What messages call it, such as a path.
   * @throws FileFormatError naming the reason and the byte offset
   */
  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = plainBytes(bytes);
    this.#source = source;
    this.entries = this.#readDirectory();
  }

  /** Unpacks an entry and compares it with its checksum. @throws FileFormatError when it is damaged */
  async read(entry: ZipEntry): Promise<Uint8Array> {
    const packed = this.#packed(entry);
    const bytes = entry.isDeflated ? await this.#inflate(entry, packed) : packed;
    const checksum = crc32(bytes);
    if (checksum !== entry.checksum) {
      this.#fail(`"${entry.name}" does not match its checksum; the file is damaged`, entry.offset, {
        checksum,
        expected: entry.checksum,
      });
    }
    return bytes;
  }

  #fail(reason: string, offset: number, details: Readonly<Record<string, unknown>> = {}): never {
    throw new FileFormatError(`${this.#source}: ${reason} (at byte ${offset})`, {
      source: this.#source,
      offset,
      ...details,
    });
  }

  #readDirectory(): Map<string, ZipEntry> {
    const { start, size, count } = this.#findDirectory();
    const end = start + size;
    const entries = new Map<string, ZipEntry>();
    let at = start;
    while (at < end) {
      const { entry, next } = this.#readEntry(at, end);
      if (entries.has(entry.name)) this.#fail(`the archive names "${entry.name}" twice`, at);
      entries.set(entry.name, entry);
      at = next;
    }
    if (entries.size !== count) {
      this.#fail(`the directory says ${count} entries but holds ${entries.size}`, start);
    }
    this.#checkOverlap([...entries.values()], start);
    return entries;
  }

  /** The end record closes the file; only a comment, of the length that it says, may follow. */
  #findDirectory(): { start: number; size: number; count: number } {
    const view = viewOf(this.#bytes);
    for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
      if (view.getUint32(at, true) !== signatures.end) continue;
      if (at + 22 + view.getUint16(at + 20, true) !== view.byteLength) continue;
      const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
      if (disks.some((disk) => disk !== 0 && disk !== 0xffff)) {
        this.#fail("the archive is one part of several; join them first", at);
      }
      const wide = this.#wideEnd(at);
      const end = wide?.at ?? at;
      const { count, size, start } = wide ?? {
        count: view.getUint16(at + 10, true),
        size: view.getUint32(at + 12, true),
        start: view.getUint32(at + 16, true),
      };
      if (start + size > end) {
        this.#fail(`the directory of ${size} bytes at ${start} does not fit before its end record`, at);
      }
      return { start, size, count };
    }
    return this.#fail(
      "the end record of a zip archive is missing; the file is cut off, or another format",
      0,
    );
  }

  /** The end record of the 64-bit extension, where there is one. */
  #wideEnd(end: number): { at: number; count: number; size: number; start: number } | undefined {
    const view = viewOf(this.#bytes);
    const locator = end - 20;
    if (locator < 0 || view.getUint32(locator, true) !== signatures.locator) return undefined;
    const at = this.#wide(view, locator + 8);
    if (at + 56 > locator || view.getUint32(at, true) !== signatures.end64) {
      this.#fail("the 64-bit end record is not where its locator says; the file is damaged", locator);
    }
    return {
      at,
      count: this.#wide(view, at + 32),
      size: this.#wide(view, at + 40),
      start: this.#wide(view, at + 48),
    };
  }

  /** A 64-bit size or offset; none of a real file is above 2^53. */
  #wide(view: DataView, at: number): number {
    const value = view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail(`the size ${value} is above 2^53 - 1`, at);
    return Number(value);
  }

  #readEntry(at: number, end: number): { entry: ZipEntry; next: number } {
    const view = viewOf(this.#bytes);
    if (at + 46 > end || view.getUint32(at, true) !== signatures.central) {
      this.#fail("the directory is damaged: no entry begins here", at);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > end) this.#fail("the directory is damaged: an entry ends behind it", at);
    const name = this.#nameAt(at + 46, nameLength);
    const flags = view.getUint16(at + 8, true);
    if (flags & 1)
      this.#fail(`"${name}" is encrypted; unpack the archive and pack it without a password`, at);
    const method = view.getUint16(at + 10, true);
    if (method !== 0 && method !== 8) {
      this.#fail(`"${name}" is packed by method ${method}; only stored (0) and deflated (8) are read`, at, {
        method,
      });
    }
    const sizes = this.#sizesAt(at, at + 46 + nameLength, extraLength);
    const entry = { name, ...sizes, isDeflated: method === 8, checksum: view.getUint32(at + 16, true) };
    this.#checkSizes(entry, at);
    return { entry, next };
  }

  #nameAt(at: number, length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.#fail("a name in the directory is not valid UTF-8", at);
    }
  }

  /** Sizes and offset of an entry; those that are all ones lie in the extra field of the 64-bit extension. */
  #sizesAt(at: number, extra: number, extraLength: number): Pick<ZipEntry, "size" | "packedSize" | "offset"> {
    const view = viewOf(this.#bytes);
    const end = extra + extraLength;
    let field = extra;
    let fieldEnd = extra;
    for (let i = extra; i + 4 <= end; i += 4 + view.getUint16(i + 2, true)) {
      if (view.getUint16(i, true) !== 1) continue;
      field = i + 4;
      fieldEnd = Math.min(end, field + view.getUint16(i + 2, true));
      break;
    }
    const sizeAt = (place: number): number => {
      const value = view.getUint32(place, true);
      if (value !== 0xffffffff) return value;
      if (field + 8 > fieldEnd) return this.#fail("an entry lacks its 64-bit size", at);
      field += 8;
      return this.#wide(view, field - 8);
    };
    return { size: sizeAt(at + 24), packedSize: sizeAt(at + 20), offset: sizeAt(at + 42) };
  }

  #checkSizes({ name, size, packedSize, isDeflated }: ZipEntry, at: number): void {
    const most = isDeflated ? packedSize * largestGrowth : packedSize;
    if (size > most || (!isDeflated && size !== packedSize)) {
      this.#fail(`"${name}" cannot hold ${size} bytes in ${packedSize}; the file is damaged`, at, {
        size,
        packedSize,
      });
    }
  }

  /** Where an entry's values begin: behind its own header, whose name and extra field may have any length. */
  #start({ name, offset }: ZipEntry): number {
    const view = viewOf(this.#bytes);
    if (offset + 30 > view.byteLength || view.getUint32(offset, true) !== signatures.local) {
      this.#fail(`"${name}" does not begin where the directory says; the file is damaged`, offset);
    }
    return offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  }

  /** One piece of the archive unpacked many times over would make a small file a large one. */
  #checkOverlap(entries: readonly ZipEntry[], directory: number): void {
    const sorted = [...entries].sort((a, b) => a.offset - b.offset);
    for (const [i, entry] of sorted.entries()) {
      const limit = sorted[i + 1]?.offset ?? directory;
      if (this.#start(entry) + entry.packedSize > limit) {
        this.#fail(`"${entry.name}" reaches into what follows it; the file is damaged`, entry.offset);
      }
    }
  }

  #packed(entry: ZipEntry): Uint8Array {
    const start = this.#start(entry);
    return this.#bytes.subarray(start, start + entry.packedSize);
  }

  async #inflate({ name, size, offset }: ZipEntry, packed: Uint8Array): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    let length = 0;
    try {
      const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          controller.enqueue(packed as Uint8Array<ArrayBuffer>);
          controller.close();
        },
      });
      const reader = source.pipeThrough(new DecompressionStream("deflate-raw")).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (length + part.value.length > size) {
          await reader.cancel();
          length = Number.POSITIVE_INFINITY;
          break;
        }
        bytes.set(part.value, length);
        length += part.value.length;
      }
    } catch (cause) {
      throw new FileFormatError(
        `${this.#source}: "${name}" is not valid deflate data; the file is damaged (at byte ${offset})`,
        { source: this.#source, offset },
        { cause },
      );
    }
    if (length !== size) {
      const found = length < size ? `only ${length}` : "more";
      this.#fail(`"${name}" should unpack to ${size} bytes, but gives ${found}`, offset, { size });
    }
    return bytes;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
