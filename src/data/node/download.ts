/**
 * Downloads a file and accepts it only when it is complete and has the expected checksum. Node only. The file
 * appears under its name at the end, in one step; a failed download leaves nothing behind.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { FileFormatError } from "../../base/errors.ts";
import { writeAtomic } from "../../base/node/atomic-file.ts";
import { makeFolder } from "../../base/node/make-folder.ts";

/** How far a download is. */
export interface DownloadProgress {
  readonly url: string;
  /** Bytes received so far. */
  readonly received: number;
  /** Bytes of the whole file; undefined when the server does not say. */
  readonly total: number | undefined;
}

/** What to download, and how. */
export interface DownloadOptions {
  readonly url: string;
  /** The file to write; its folder is created when it is missing. */
  readonly path: string;
  /** MD5 checksum of the content, 32 hexadecimal digits. */
  readonly md5: string;
  /** Called after each piece. Default: none. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops the download. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file.
 *
 * @throws FileFormatError when the server cannot be reached, answers with an error or breaks off, or the
 * checksum is wrong; it names the address and the reason. When `signal` fires, its reason.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { url, path, md5, signal } = options;
  await makeFolder(dirname(path));
  await writeAtomic(path, async (file) => {
    const hash = createHash("md5");
    try {
      for await (const piece of receive(options)) {
        hash.update(piece);
        await file.writeFile(piece); // on an open file: appends, all of it
      }
    } catch (cause) {
      if (signal?.aborted === true || cause instanceof FileFormatError || isFileError(cause)) throw cause;
      throw new FileFormatError(
        `${url}: the download failed: ${reasonOf(cause)}; check the connection and try again`,
        { url },
        { cause },
      );
    }
    const found = hash.digest("hex");
    if (found !== md5) {
      throw new FileFormatError(
        `${url}: found content with MD5 ${found}, expected ${md5}; the file at the source is damaged or ` +
          "has changed " +
          "(or a proxy answered in its place), so it was not kept",
        { url, found, expected: md5 },
      );
    }
  });
}

async function* receive({ url, onProgress, signal }: DownloadOptions): AsyncGenerator<Uint8Array> {
  // Compression on the way would make the announced length that of other bytes.
  const response = await fetch(url, { signal: signal ?? null, headers: { "accept-encoding": "identity" } });
  if (!response.ok || response.body === null) {
    throw new FileFormatError(
      `${url}: the server answered ${response.status} ${response.statusText}`.trimEnd() +
        "; the file may have moved: download it by hand, or try again later",
      { url, status: response.status },
    );
  }
  const announced = response.headers.get("content-length");
  const total = announced === null ? undefined : Number(announced);
  let received = 0;
  for await (const piece of response.body) {
    received += piece.length;
    onProgress?.({ url, received, total });
    yield piece;
  }
}

/** fetch reports every failure as "fetch failed" or "terminated"; the reason is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasonOf(error.cause)})`;
}

/** Whether writing to the disk failed; such errors name the file themselves. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "write";
}
