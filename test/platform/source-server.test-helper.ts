/**
 * Serves the project's sources to a browser as the package's build would give them: each TypeScript file is turned
 * into JavaScript when it is asked for, with the settings of the build, so a test never sees an older state.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));

function buildSettings(): ts.CompilerOptions {
  const path = join(root, "tsconfig.build.json");
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (d) => {
      throw new Error(ts.flattenDiagnosticMessageText(d.messageText, "\n"));
    },
  };
  const options = ts.getParsedCommandLineOfConfigFile(path, {}, host)?.options;
  // A file on its own does not show that the package is one of modules, so that is said here.
  const module = ts.ModuleKind.ESNext;
  const moduleResolution = ts.ModuleResolutionKind.Bundler;
  const none = { declaration: false, declarationMap: false, sourceMap: false, isolatedDeclarations: false };
  return { ...options, ...none, module, moduleResolution };
}

const settings = buildSettings();
const compiled = new Map<string, string>();

/** JavaScript of a file of the project, by its path from the root; null where there is no such source. */
function javaScript(path: string): string | null {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  const source = join(root, path.replace(/\.js$/, ".ts"));
  if (!/^\/(src|test)\/.*\.js$/.test(path) || !existsSync(source)) return null;
  const { outputText } = ts.transpileModule(readFileSync(source, "utf8"), {
    compilerOptions: settings,
    fileName: source,
  });
  compiled.set(path, outputText);
  return outputText;
}

/** Packages that the library loads in a browser, where each has its modules. A bundler finds them by itself. */
const packages: Readonly<Record<string, string>> = {
  "csv-parse/browser/esm/sync": "/node_modules/csv-parse/dist/esm/sync.js",
  fzstd: "/node_modules/fzstd/esm/index.mjs",
  hyparquet: "/node_modules/hyparquet/src/index.js",
  "hyparquet/src/": "/node_modules/hyparquet/src/",
};

const page = `<!doctype html><title>Test</title><script type="importmap">${JSON.stringify({ imports: packages })}</script>`;

/** A module of one of these packages, as it is. */
function packageModule(path: string): string | null {
  const isServed = Object.values(packages).some(
    (place) => path === place || (place.endsWith("/") && path.startsWith(place)),
  );
  const file = join(root, path);
  return isServed && existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** A running server. */
export interface SourceServer {
  /** Address without a path. */
  readonly origin: string;
  /** Paths that were asked for and not found. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves an empty page at "/", `/src/x.js` and `/test/x.js` from the sources, and the files given by path. `isolated` sends the headers that
 * let a page share memory between threads.
 */
export async function serveSources(
  isolated: boolean,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<SourceServer> {
  const missing: string[] = [];
  const isolation = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const isPage = path === "/";
    const body = isPage ? page : (javaScript(path) ?? packageModule(path) ?? files.get(path) ?? null);
    if (body === null) missing.push(path);
    response.writeHead(body === null ? 404 : 200, {
      "Content-Type": isPage ? "text/html" : files.has(path) ? "application/octet-stream" : "text/javascript",
      ...(isolated ? isolation : {}),
    });
    response.end(body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
