/**
 * Turns TypeScript into what Node runs: `dist/` is the package with the studio's page, `build/` holds the benchmarks with the sources they
 * measure. TypeScript's compiler does the work; this adds the files that it does not know (data, pages).
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { filesIn, isTestFile, root } from "./files.mjs";

/** The finished package. */
export const dist = join(root, "dist");

/** Hash of the sources that `dist/` was made from; never shipped. */
const stampFile = join(dist, ".sources");

const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];

/** Files of the studio's page, apart from its tests. */
const pageFiles = () => filesIn("studio", (file) => !isTestFile(file));

/** Files beside the code that the code reads when it runs, as opposed to notes and what only tests read. */
const isAsset = (/** @type {string} */ path) =>
  !/\.(ts|md)$/.test(path) && !/\/(__snapshots__|golden|testdata)\//.test(path);

function hashOfSources() {
  const hash = createHash("sha256");
  for (const path of [
    ...settings,
    ...filesIn("src", (file) => !isTestFile(file)),
    ...experiments(),
    ...pageFiles(),
  ]) {
    hash.update(path).update("\0");
    hash.update(readFileSync(join(root, path))).update("\0");
  }
  return hash.digest("hex");
}

/** The numbered examples, which `tatami lab` runs. */
const experiments = () => filesIn("examples", (file) => /\/\d\d-[^/]+\.ts$/.test(file));

/**
 * The experiments without their types. They name the package as its users do, and find it from inside.
 *
 * @param {string} target
 */
function writeExperiments(target) {
  mkdirSync(target, { recursive: true });
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  for (const path of experiments()) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, path), "utf8"), { compilerOptions });
    writeFileSync(join(target, basename(path).replace(/\.ts$/, ".js")), outputText);
  }
}

/** Whether `dist/` was made from the sources as they are now. Contents are compared, not times. */
export function isDistCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === hashOfSources();
}

/**
 * Makes `dist/` anew. It is written beside the old one and takes its place only when it is complete, so that an
 * error or Ctrl-C leaves no half of a package.
 *
 * @returns {Promise<boolean>} false when the compiler found errors, which it has printed
 */
export async function buildDist() {
  const stamp = hashOfSources();
  const draft = `${dist}.tmp-${process.pid}`;
  try {
    if (!compile("tsconfig.build.json", ["--outDir", draft])) return false;
    copyAssets("src", draft);
    writeExperiments(join(draft, "examples"));
    if (!buildPage(join(draft, "studio"))) return false;
    const { bundleForNode } = await import("./bundle.mjs");
    await bundleForNode(draft);
    const command = join(draft, "cli", "main.js");
    if (existsSync(command)) chmodSync(command, 0o755);
    writeFileSync(join(draft, ".sources"), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(draft, dist);
    return true;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * The studio's page, which users get as it is in a browser. Its types are checked first: Vite leaves them out, and so a
 * text that a language lacks would only be missed by its readers.
 *
 * @param {string} target
 */
function buildPage(target) {
  const commands = [
    [
      "svelte-check/bin/svelte-check",
      "--tsconfig",
      "studio/tsconfig.json",
      "--fail-on-warnings",
      "--output",
      "human",
    ],
    ["vite/bin/vite.js", "build", "studio", "--outDir", target, "--logLevel", "warn"],
  ];
  return commands.every(([tool = "", ...options]) => {
    const path = join(root, "node_modules", ...tool.split("/"));
    // What they print belongs to stderr, as with the compiler; what is in order is not news.
    const run = spawnSync(process.execPath, [path, ...options], { cwd: root, encoding: "utf8" });
    if (run.status !== 0) process.stderr.write(`${run.stdout}${run.stderr}`);
    return run.status === 0;
  });
}

/**
 * Compiles the benchmarks, and the sources with them, into `build/`.
 *
 * @returns {boolean} false when the compiler found errors, which it has printed
 */
export function buildBench() {
  const target = join(root, "build");
  // What else is there was installed to be compared with.
  for (const made of ["src", "bench"]) rmSync(join(target, made), { recursive: true, force: true });
  if (!compile("tsconfig.bench.json", [])) return false;
  copyAssets("src", join(target, "src"));
  copyAssets("bench", join(target, "bench"));
  // The command, which a section starts, has its version from it.
  cpSync(join(root, "package.json"), join(target, "package.json"));
  return true;
}

/**
 * @param {string} project
 * @param {string[]} options
 */
function compile(project, options) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  if (!existsSync(tsc)) {
    console.error("The compiler is not installed. Run `npm ci` first (with its development dependencies).");
    return false;
  }
  // The compiler writes its errors to stdout, which belongs to the command that runs afterwards.
  const run = spawnSync(process.execPath, [tsc, "-p", join(root, project), ...options], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  return run.status === 0;
}

/**
 * @param {string} folder
 * @param {string} target
 */
function copyAssets(folder, target) {
  for (const path of filesIn(folder, isAsset)) {
    const copy = join(target, path.slice(folder.length + 1));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(join(root, path), copy);
  }
}
