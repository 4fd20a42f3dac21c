/** The folder that a command writes to, as its user named it. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UsageError } from "./errors.ts";

/**
 * Makes a folder and those above it that are missing, one by one: Node's own recursive `mkdir` tries for ever where the
 * system says "no such file" of a folder that exists, as Linux does below /proc.
 *
 * @throws UsageError naming the option and what stands in the way
 */
export async function makeOutputFolder(path: string, option: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = resolve(path); (await kindOf(folder)) !== "folder"; folder = dirname(folder)) {
    if ((await kindOf(folder)) === "file")
      throw new UsageError(`${option} ${path}: ${folder} is a file; name another folder, or move the file`);
    missing.unshift(folder);
  }
  for (const folder of missing) {
    await mkdir(folder).catch(async (error: unknown) => {
      // Another process may have been quicker.
      if ((await kindOf(folder)) === "folder") return;
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(
        `${option} ${path}: the folder cannot be made (${reason}); name one where you may write`,
      );
    });
  }
}

async function kindOf(path: string): Promise<"folder" | "file" | "nothing"> {
  return stat(path).then(
    (found) => (found.isDirectory() ? "folder" : "file"),
    () => (dirname(path) === path ? "folder" : "nothing"),
  );
}
