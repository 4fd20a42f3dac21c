import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ArgumentError } from "../errors.ts";

/**
 * Makes a folder and the folders above it that are missing. Node's own recursive `mkdir` tries for ever where the
 * system says "no such file" of a folder that exists, as Linux does below /proc.
 *
 * @throws ArgumentError naming the first folder that cannot be made, with what the system says as its cause.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing) {
    await mkdir(folder).catch(async (error: unknown) => {
      // Another process may have been quicker.
      if (!(await isFolder(folder))) throw await refusal(folder, error);
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => dirname(path) === path,
  );
}

async function refusal(folder: string, cause: unknown): Promise<ArgumentError> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = isThere
    ? `the folder ${folder} cannot be made: a file has that name; name another folder, or move the file`
    : `the folder ${folder} cannot be made (${reason}); name one where you may write`;
  return new ArgumentError(message, { folder }, { cause });
}
