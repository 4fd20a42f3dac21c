/**
 * Looks at what `npm pack` would publish. Its entry points fit the manifest (publint). Every compiled file is reached from an entry point (a test helper that
 * slipped in is not), and no entry point for the browser loads a module of Node or a dependency before it is asked
 * to: host-only code is imported dynamically. The first load of the studio's page keeps to its size.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { buildDist, isDistCurrent } from "./lib/compile.mjs";
import { filesIn, root } from "./lib/files.mjs";

/** Bytes of the studio's page with its scripts and styles, as a server sends them compressed. */
const mostPageBytes = 150_000;

/** Entry points that may load Node's modules at once. */
const hostEntries = ["dist/node.js", "dist/lab/index.js", "dist/cli/main.js"];

// The compiler leaves one import or export per statement, so that no parser is needed to find what it wrote.
const staticImport = /^\s*(?:import\s*|(?:import|export)\b[^;"'`(=]*\bfrom\s*)["']([^"']+)["']/gm;
const lazyImport =
  /\bimport\(\s*["']([^"']+)["']\s*\)|\bnew URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g;

/**
 * @param {string} path
 * @param {RegExp} pattern
 * @returns {string[]} project files and, as they are written, names of packages
 */
function importsOf(path, pattern) {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(pattern)].map((match) => {
    const name = /** @type {string} */ (match[1] ?? match[2]);
    return name.startsWith(".") ? posix.join(posix.dirname(path), name) : name;
  });
}

/**
 * Everything that the entries lead to, each with the file that names it.
 *
 * @param {string[]} entries
 * @param {RegExp[]} patterns
 */
function reach(entries, patterns) {
  /** @type {Map<string, string>} */
  const from = new Map(entries.map((entry) => [entry, "package.json"]));
  for (const path of from.keys()) {
    if (!path.endsWith(".js") || !existsSync(join(root, path))) continue;
    for (const next of patterns.flatMap((pattern) => importsOf(path, pattern))) {
      if (!from.has(next)) from.set(next, path);
    }
  }
  return from;
}

if (!isDistCurrent() && !buildDist()) process.exit(1);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** @type {string[]} */
const entries = [
  ...Object.values(manifest.exports).map((entry) => (typeof entry === "string" ? entry : entry.default)),
  ...Object.values(manifest.bin),
]
  .map((path) => posix.normalize(path))
  .filter((path) => path.endsWith(".js"));

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
const everything = reach([...entries, ...experiments], [staticImport, lazyImport]);
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

const inBrowser = reach(
  entries.filter((path) => !hostEntries.includes(path)),
  [staticImport],
);
for (const [name, from] of inBrowser) {
  if (name.startsWith("dist/")) continue;
  complaints.push(`${from}: loads ${name} at once, which a browser does not have`);
}

const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: "npm" });
for (const message of messages) {
  if (message.type === "suggestion") continue;
  complaints.push(`package.json: ${formatMessage(message, pkg, { color: false })}`);
}

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
