/**
 * The package's entry points, as `package.json` names them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./files.mjs";

/**
 * One entry point; paths start from the project's root.
 *
 * @typedef {object} Entry
 * @property {string} module The compiled module.
 * @property {string} bundled What Node loads in its place.
 * @property {boolean} isForNode Whether nothing but Node can load it.
 */

/** @returns {Entry[]} */
export function libraryEntries() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.values(exports)
    .filter((entry) => typeof entry === "object")
    .map(({ types, node, default: fallback }) => ({
      module: types.slice(2).replace(/\.d\.ts$/, ".js"),
      bundled: (node ?? fallback).slice(2),
      isForNode: node === undefined,
    }));
}

/** Files that Node is started with: the command, and what it starts itself. They lead to the bundle. */
export const programs = ["dist/cli/main.js", "dist/cli/look-main.js"];
