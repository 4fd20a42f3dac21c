/**
 * What compiled files import. They hold one import or export per statement, so that no parser is needed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Imports that come with a file. */
export const atOnce = /^\s*(?:import\s*|(?:import|export)\b[^;"'`(=]*\bfrom\s*)["']([^"']+)["']/gm;
/** Files that are asked for later, and those that are named by their place. */
export const later =
  /\bimport\(\s*["']([^"']+)["']\s*\)|\bnew URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g;

/**
 * Everything that the entries lead to, each with the file that names it.
 *
 * @param {string} folder that paths start from
 * @param {string[]} entries
 * @param {RegExp[]} patterns
 * @returns {Map<string, string>} paths from the folder and, as they are written, names of packages
 */
export function reach(folder, entries, patterns) {
  /** @type {Map<string, string>} */
  const from = new Map(entries.map((entry) => [entry, "package.json"]));
  for (const path of from.keys()) {
    if (!path.endsWith(".js") || !existsSync(join(folder, path))) continue;
    for (const next of importsOf(folder, path, patterns)) {
      if (!from.has(next)) from.set(next, path);
    }
  }
  return from;
}

/**
 * @param {string} folder
 * @param {string} path
 * @param {RegExp[]} patterns
 */
function importsOf(folder, path, patterns) {
  const text = readFileSync(join(folder, path), "utf8");
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      const name = /** @type {string} */ (match[1] ?? match[2]);
      return name.startsWith(".") ? posix.join(posix.dirname(path), name) : name;
    }),
  );
}
