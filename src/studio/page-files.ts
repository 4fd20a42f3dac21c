/**
 * The files of the page, held in memory: a request chooses among them, and no path is ever made of what it says.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

/** A file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Whether its name changes with its content. */
  readonly hashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** The server's own code lies in the same folder: scripts and style sheets of the page are only in here. */
const assets = "assets";
const besideAssets: readonly string[] = [".html", ".ico", ".png", ".svg"];

/**
 * Reads the page.
 *
 * @param folder The built page: `index.html`, and `assets/` with hashed names.
 * @returns The files by the path of their address; empty where the page was not built.
 */
export async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  await Promise.all([
    addFiles(files, folder, "", (name) => besideAssets.includes(extname(name))),
    addFiles(files, join(folder, assets), `${assets}/`, () => true),
  ]);
  return files;
}

async function addFiles(
  files: Map<string, PageFile>,
  folder: string,
  prefix: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  await Promise.all(
    entries.map(async (entry) => {
      const type = types[extname(entry.name)];
      if (!entry.isFile() || type === undefined || !wanted(entry.name)) return;
      const content = Uint8Array.from(await readFile(join(folder, entry.name)));
      files.set(`/${prefix}${entry.name}`, { type, content, hashed: prefix !== "" });
    }),
  );
}

/** The page's start with the token in it, where the page's own script finds it. */
export function withToken(html: string, token: string): string {
  const meta = `<meta name="tatami-token" content="${token}" />`;
  const placeholder = /<meta\s+name="tatami-token"[^>]*>/;
  return placeholder.test(html) ? html.replace(placeholder, meta) : html.replace("<head>", `<head>${meta}`);
}
