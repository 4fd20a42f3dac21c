/**
 * Files that are either the old or the new version, whole, whenever a process or the machine stops. Node
 * only.
 *
 * The content goes to a temporary file in the same folder, reaches the disk, and takes the final name in one
 * step; then the folder reaches the disk too. When anything fails, the temporary file is removed and the old
 * version stays.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgumentError } from "../errors.ts";

/**
 * Replaces (or creates) a file in one step.
 *
 * @param path The file; its folder must exist.
 * @param content Text (UTF-8) or bytes.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomic(path, (file) => file.writeFile(content));
}

/**
 * Replaces (or creates) a file in one step, with content that arrives in pieces.
 *
 * @param path The file; its folder must exist.
 * @param write Writes the content to the open temporary file; when it throws, nothing changes.
 * @returns What `write` returned.
 * @throws ArgumentError when there is no such folder, or nothing may be written there
 */
export async function writeAtomic<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  // Same folder, since a rename across file systems is a copy. The random part keeps two writers apart.
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx").catch(async (cause: unknown) => {
      const isFolder = await stat(folder).then(
        (found) => found.isDirectory(),
        () => false,
      );
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ArgumentError(
        isFolder
          ? `${path} cannot be written (${reason}); name a place where you may write`
          : `${path} cannot be written: there is no folder ${folder}; make it first`,
        { path },
        { cause },
      );
    });
    let result: T;
    try {
      result = await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
    return result;
  } catch (error) {
    // What went wrong before is what counts.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Makes new names in a folder durable. Windows cannot open folders and needs no such step. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
