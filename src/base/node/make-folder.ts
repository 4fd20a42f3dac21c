import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ArgumentError } from "../errors.ts";

/** Why a folder cannot be made. */
export interface Obstacle {
  /** The first that cannot be made. */
  readonly folder: string;
  /** What the system says; null where a file has that name. */
  readonly reason: string | null;
  readonly cause: unknown;
}

/**
 * Makes a folder and the folders above it that are missing. Node's own recursive `mkdir` tries for ever where the
 * system says "no such file" of a folder that exists, as Linux does below /proc.
 *
 * @param refuse What to throw; by default an ArgumentError that names the folder, with what the system says as its cause.
 */
export async function makeFolder(
  path: string,
  refuse: (obstacle: Obstacle) => Error = refusal,
): Promise<void> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing) {
    await mkdir(folder).catch(async (error: unknown) => {
      // Another process may have been quicker.
      if (!(await isFolder(folder))) throw refuse(await obstacleAt(folder, error));
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => dirname(path) === path,
  );
}

async function obstacleAt(folder: string, cause: unknown): Promise<Obstacle> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { folder, reason: isThere ? null : reason, cause };
}

function refusal({ folder, reason, cause }: Obstacle): ArgumentError {
  const message =
    reason === null
      ? `the folder ${folder} cannot be made: a file has that name; name another folder, or move the file`
      : `the folder ${folder} cannot be made (${reason}); name one where you may write`;
  return new ArgumentError(message, { folder }, { cause });
}
