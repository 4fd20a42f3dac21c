/**
 * The project's own files, found on disk so that a tarball without version control works too.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of package.json, with no separator at its end. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Files that stand beside the code for tests alone; they are neither shipped nor part of the browser's code. */
export const isTestFile = (/** @type {string} */ path) => /\.(test|test-helper|cases)\.ts$/.test(path);

/**
 * Files below a folder of the project, as paths from the root with forward slashes, sorted.
 *
 * @param {string} folder
 * @param {(path: string) => boolean} [keep]
 * @returns {string[]}
 */
export function filesIn(folder, keep = () => true) {
  const from = join(root, folder);
  if (!existsSync(from)) return [];
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.includes("/node_modules/"))
    .filter(keep)
    .sort();
}
