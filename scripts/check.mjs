/**
 * `npm run check`: everything about the code that a tool can judge. Runs every check even after one has failed,
 * prints what the failed ones say, and ends with a line for each. `npm run check -- lint imports` runs only these.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/files.mjs";

const bin = (/** @type {string} */ name, /** @type {string} */ file) =>
  join(root, "node_modules", name, file);
const script = (/** @type {string} */ name) => join(root, "scripts", `${name}.mjs`);

/** Folders of TypeScript that this checkout has; dependency-cruiser stops at one that does not exist. */
const codeFolders = ["src", "studio", "test", "bench", "examples"].filter((folder) =>
  existsSync(join(root, folder)),
);

/** Name, what it looks after, and the Node commands that it consists of. */
const checks = [
  {
    name: "types",
    about: "TypeScript, strict",
    commands: [
      [bin("typescript", "bin/tsc"), "-p", "tsconfig.json"],
      [bin("typescript", "bin/tsc"), "-p", "tsconfig.examples.json"],
      [bin("typescript", "bin/tsc"), "-p", "tsconfig.scripts.json"],
      [
        bin("svelte-check", "bin/svelte-check"),
        "--tsconfig",
        "studio/tsconfig.json",
        "--fail-on-warnings",
        "--output",
        "human",
      ],
    ],
  },
  {
    name: "lint",
    about: "format and lint rules (mend with `npm run format`)",
    commands: [[bin("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings"]],
  },
  {
    name: "imports",
    about: "which folder may import which, no cycles",
    commands: [
      [bin("dependency-cruiser", "bin/dependency-cruise.mjs"), "--output-type", "err", ...codeFolders],
    ],
  },
  {
    name: "unused",
    about: "files, exports and dependencies that nothing uses",
    commands: [[bin("knip", "bin/knip.js")]],
  },
  { name: "size", about: "long files and functions say why", commands: [[script("check-size")]] },
  {
    name: "words",
    about: "leftovers and what holds on one machine only",
    commands: [[script("check-words")]],
  },
  {
    name: "lock",
    about: "package-lock.json holds with every registry and platform",
    commands: [[script("complete-lock"), "--check"]],
  },
  {
    name: "package",
    about: "what `npm pack` would publish",
    commands: [[script("check-package")]],
  },
];

/**
 * @param {(typeof checks)[number]} check
 * @returns {boolean}
 */
function passes(check) {
  const start = performance.now();
  for (const command of check.commands) {
    const run = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
    if (run.status === 0) continue;
    console.log(`FAILED  ${check.name}: ${check.about}\n${`${run.stdout}${run.stderr}`.trimEnd()}\n`);
    return false;
  }
  console.log(`ok      ${check.name}: ${check.about} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return true;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`No check ${unknown.join(", ")}; there are ${checks.map((check) => check.name).join(", ")}.`);
  process.exit(2);
}

const chosen = checks.filter((check) => wanted.length === 0 || wanted.includes(check.name));
const failed = chosen.filter((check) => !passes(check)).map((check) => check.name);
console.log(failed.length === 0 ? "All checks passed." : `Failed: ${failed.join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
