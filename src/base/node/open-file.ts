/** Files of which only parts are read, by path. Node only. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { FileFormatError } from "../errors.ts";
import type { RandomAccess } from "../random-access.ts";

/**
 * Opens a file for reading parts of it. It is opened anew for each part, since a set may have more files than a process may
 * hold open; a file that has been written to or replaced meanwhile is an error, rather than parts of two versions.
 *
 * @throws FileFormatError when there is no such file, or it is a folder or a device
 */
export async function openFile(path: string): Promise<RandomAccess> {
  const found = await stat(path).catch(() => null);
  // Opening a pipe would wait for its writer.
  if (found !== null && !found.isFile()) {
    throw new FileFormatError(
      `${path}: the file cannot be read (it is ${found.isDirectory() ? "a folder" : "no ordinary file"}); check the path`,
      { path },
    );
  }
  const first = await opened(path, stateOf);
  const read = (start: number, end: number): Promise<Uint8Array> =>
    opened(path, async (file) => {
      const now = await stateOf(file);
      if (now.stamp !== first.stamp) {
        throw new FileFormatError(`${path}: the file has changed since it was opened; read it again`, {
          path,
        });
      }
      return readPart(file, start, end);
    });
  return { source: path, byteLength: first.size, read };
}

async function opened<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${path}: the file cannot be read (${reason}); check the path`,
      { path },
      { cause },
    );
  });
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function stateOf(file: FileHandle): Promise<{ size: number; stamp: string }> {
  const { size, mtimeNs, ino } = await file.stat({ bigint: true });
  return { size: Number(size), stamp: `${ino} ${size} ${mtimeNs}` };
}

async function readPart(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  // One call reads 2 GiB at most.
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 2 ** 30), start + done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
  }
  return bytes;
}
