/**
 * Files below the folder of all runs, and nothing else: whatever a request names, what is opened lies there. Links are
 * followed only to the end of asking where they lead.
 *
 * What a page that follows a training asks for again and again is asked of the system at once: it takes microseconds, and a
 * turn of another thread would take more, from the processors that train.
 */
import { closeSync, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { constants, type FileHandle, open, readdir } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

/** What the folder of a run may be called: no separators, nothing hidden, nothing that a system reads in its own way. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$/;

export function isRunId(id: string): boolean {
  return idPattern.test(id) && !id.endsWith(".");
}

/**
 * The real path of the folder of a run.
 *
 * @param root Folder of all runs.
 * @returns Null where there is none of this name, or it lies elsewhere.
 */
export function confinedFolder(root: string, ...parts: readonly string[]): string | null {
  try {
    const { native } = realpathSync;
    const [realRoot, real] = [native(root), native(join(root, ...parts))];
    const way = relative(realRoot, real);
    const inside = way !== "" && !isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`);
    return inside ? real : null;
  } catch {
    return null;
  }
}

/** What there is at a path, a link not followed; null where there is nothing that one may know of. */
export function foundAt(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

/** A link may lead anywhere, and a pipe would be waited for. */
const plainly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** As `openPlain`; the caller closes the descriptor. */
export function openPlainSync(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, plainly);
  } catch {
    return null;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return null;
}

/** Opens a file to read. Null where it is missing, or a link, or no ordinary file. */
export async function openPlain(path: string): Promise<FileHandle | null> {
  const file = await open(path, plainly).catch(() => null);
  if (file === null) return null;
  const plain = await file.stat().then(
    (found) => found.isFile(),
    () => false,
  );
  if (plain) return file;
  await file.close();
  return null;
}

/** The text of a small file; null where there is none, or it is larger than such a file can be. */
export async function readSmall(path: string, most = 16e6): Promise<string | null> {
  const file = await openPlain(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    return size > most ? null : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Names in a folder; none where it cannot be read. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
