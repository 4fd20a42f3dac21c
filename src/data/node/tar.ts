/**
 * Files out of a tar archive, on bytes alone.
 *
 * Layout: blocks of 512 bytes; a header block (name, size in octal digits, checksum, type) comes before each file's
 * content, which is filled up to whole blocks; an empty block ends the archive (POSIX.1-1988, ustar).
 */
import { FileFormatError } from "../../base/errors.ts";

const blockSize = 512;

/**
 * The ordinary files of an archive by name, sharing its memory. Folders and links are left out.
 *
 * @param source What messages call the archive.
 * @throws FileFormatError when the archive is damaged or cut off.
 */
export function readTar(archive: Uint8Array, source: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + blockSize <= archive.length; ) {
    const header = archive.subarray(at, at + blockSize);
    if (header.every((byte) => byte === 0)) return files;
    checkSum(header, at, source);
    const size = octal(header, 124, 12);
    const start = at + blockSize;
    if (start + size > archive.length) {
      throw new FileFormatError(
        `${source}: found ${archive.length - start} bytes of ${text(header, 0, 100)}, expected ${size}; the archive ` +
          "is cut off: delete it and download it again",
        { source, expected: size },
      );
    }
    const type = header[156];
    // "0", or zero in old archives, is an ordinary file.
    if (type === 0x30 || type === 0) files.set(nameOf(header), archive.subarray(start, start + size));
    at = start + Math.ceil(size / blockSize) * blockSize;
  }
  return files;
}

/** The sum of the header's bytes, with blanks in the place of the sum itself. */
function checkSum(header: Uint8Array, at: number, source: string): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum === octal(header, 148, 8)) return;
  throw new FileFormatError(
    `${source}: found no tar header at byte ${at}; expected a .tar.gz archive: delete it and download it again`,
    { source, at },
  );
}

function nameOf(header: Uint8Array): string {
  const [name, prefix] = [text(header, 0, 100), text(header, 345, 155)];
  const isPosix = text(header, 257, 6) === "ustar";
  return isPosix && prefix !== "" ? `${prefix}/${name}` : name;
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, start: number, length: number): number {
  return Number.parseInt(text(header, start, length).trim() || "0", 8);
}
