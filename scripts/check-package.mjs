/**
 * Looks at what `npm pack` would publish. Its entry points fit the manifest (publint). Every compiled file is reached from an entry point (a test helper that
 * slipped in is not), and no entry point for the browser loads a module of Node or a dependency before it is asked
 * to: host-only code is imported dynamically; nor do its types ask for more than a browser has. The first load of the
 * studio's page keeps to its size.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { buildDist, isDistCurrent } from "./lib/compile.mjs";
import { libraryEntries, programs } from "./lib/entries.mjs";
import { filesIn, root } from "./lib/files.mjs";
import { atOnce, later, reach } from "./lib/reach.mjs";

/** Bytes of the studio's page with its scripts and styles, as a server sends them compressed. */
const mostPageBytes = 150_000;

if (!isDistCurrent() && !(await buildDist())) process.exit(1);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const library = libraryEntries();
const modules = library.filter(({ isForNode }) => !isForNode).map(({ module }) => module);
/** @type {string[]} */
const commands = Object.values(manifest.bin);
const entries = [...modules, ...library.map(({ bundled }) => bundled), ...commands, ...programs];

/** @type {string[]} */
const complaints = entries
  .filter((path) => !existsSync(join(root, path)))
  .map((path) => `${path}: missing entry point`);

/** Whether a file only had types; imports of it are gone after compiling. */
const isTypesOnly = (/** @type {string} */ path) =>
  /^\s*export \{\s*\};?\s*$/.test(
    readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""),
  );

// The command finds the experiments by listing their folder.
const experiments = filesIn("dist/examples");
const everything = reach(root, [...entries, ...experiments], [atOnce, later]);
// The page's files are named by its HTML, which the command reads when it starts the studio.
const page = "dist/studio/index.html";
if (!existsSync(join(root, page))) complaints.push(`${page}: the studio's page is missing`);
const pageFiles = [page, ...filesIn("dist/studio/assets")].filter((path) => existsSync(join(root, path)));
const pageBytes = pageFiles.reduce((sum, path) => sum + gzipSync(readFileSync(join(root, path))).length, 0);
if (pageBytes > mostPageBytes) {
  const size = `${(pageBytes / 1000).toFixed(1)} kB`;
  complaints.push(`${page}: first load of ${size} in gzip; ${mostPageBytes / 1000} kB at most`);
}
const isOfPage = (/** @type {string} */ path) => path.startsWith("dist/studio/assets/");
for (const path of filesIn("dist", (file) => file.endsWith(".js") && !isTypesOnly(file) && !isOfPage(file))) {
  if (everything.has(path)) continue;
  complaints.push(`${path}: no entry point leads to it; helpers of tests are called *.test-helper.ts`);
}

const inBrowser = reach(root, modules, [atOnce]);
for (const [name, from] of inBrowser) {
  if (name.startsWith("dist/")) continue;
  complaints.push(`${from}: loads ${name} at once, which a browser does not have`);
}

// As a user compiles who has no types of Node and looks into libraries.
const declarations = modules.map((path) => join(root, path.replace(/\.js$/, ".d.ts")));
const consumer = ts.createProgram(declarations, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  types: [],
  strict: true,
  noEmit: true,
});
for (const { file, messageText } of ts.getPreEmitDiagnostics(consumer)) {
  const where = file === undefined ? "types" : relative(root, file.fileName);
  complaints.push(`${where}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
}

const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: "npm" });
for (const message of messages) {
  if (message.type === "suggestion") continue;
  complaints.push(`package.json: ${formatMessage(message, pkg, { color: false })}`);
}

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
