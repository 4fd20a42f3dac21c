/** Files that may be in one of several places. Node only. */
import { readFile } from "node:fs/promises";

/**
 * Content of the first file that exists. Other failures, such as a lack of permission, are the caller's to
 * see.
 */
export async function readFirst(
  paths: readonly string[],
): Promise<{ path: string; bytes: Uint8Array } | undefined> {
  for (const path of paths) {
    try {
      return { path, bytes: await readFile(path) };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    }
  }
  return undefined;
}
