/**
 * Where event files go: a folder under Node, or whatever the caller gives. Node's modules are asked for when a folder is, so
 * this loads in a browser.
 */
import { isNode } from "../../base/env.ts";
import { ArgumentError } from "../../base/errors.ts";

/** Takes what a `SummaryWriter` writes. */
export interface EventSink {
  /**
   * Adds bytes to the end of a file.
   *
   * @param path Relative, with "/" between folders: the file's name, behind the folder of a run where there are several.
   */
  append(path: string, bytes: Uint8Array): void | Promise<void>;
}

/** Names that say which process on which machine wrote a file. */
export function writerName(): { readonly host: string; readonly process: number } {
  if (!isNode) return { host: globalThis.location?.hostname || "browser", process: 0 };
  return { host: process.getBuiltinModule("node:os").hostname(), process: process.pid };
}

/** A folder of the file system; it is made when the first file is. */
export function folderSink(logDir: string): EventSink {
  if (!isNode) {
    throw new ArgumentError(
      "SummaryWriter: there is no file system here for a logDir; pass sink: { append(path, bytes) { ... } } and keep the bytes",
      { logDir },
    );
  }
  const { appendFile, mkdir } = process.getBuiltinModule("node:fs").promises;
  const { dirname, join } = process.getBuiltinModule("node:path");
  const made = new Set<string>();
  return {
    async append(path, bytes) {
      const file = join(logDir, path);
      const folder = dirname(file);
      if (!made.has(folder)) await mkdir(folder, { recursive: true });
      made.add(folder);
      await appendFile(file, bytes);
    },
  };
}
