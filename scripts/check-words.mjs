/**
 * Words that must not be in the project: leftovers of unfinished work, switches that turn the compiler off, and
 * paths and addresses that hold on one machine only.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesIn, root } from "./lib/files.mjs";

const rules = [
  { words: /\b(TODO|FIXME|XXX)\b/, why: "finish it, or write down what is missing as a sentence" },
  { words: /@ts-(ignore|nocheck)\b/, why: "mend the type, or use @ts-expect-error with a reason" },
  { words: /^(<{7}|>{7}) /, why: "a merge was not finished" },
  { words: /(^|[\s"'`(=])\/(home|Users|root|work)\//, why: "a path of one machine" },
  {
    words: /\b(10\.\d+|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+\b/,
    why: "an address of a private network",
  },
];

const self = "scripts/check-words.mjs";
const folders = ["src", "test", "bench", "scripts", "examples", "studio", "docs", ".ci"];
const loose = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "package.json",
  "vitest.config.ts",
];
const isText = (/** @type {string} */ path) =>
  /(\.(m?[jt]s|json|md|py|sh|html|css|svelte|yml)|\.ci\/run)$/.test(path);

const paths = [...folders.flatMap((folder) => filesIn(folder, isText)), ...loose];
let found = 0;
for (const path of paths.filter((file) => file !== self && existsSync(join(root, file)))) {
  for (const [index, line] of readFileSync(join(root, path), "utf8").split("\n").entries()) {
    for (const { words, why } of rules) {
      const match = words.exec(line);
      if (match === null) continue;
      console.error(`${path}:${index + 1}: "${match[0].trim()}": ${why}`);
      found++;
    }
  }
}

process.exitCode = found === 0 ? 0 : 1;
