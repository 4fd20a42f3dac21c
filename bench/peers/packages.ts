/** Packages that bench/install-peers.mjs has put into bench/peers/node_modules, away from our own. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

// The bench is compiled to build/; the packages lie beside its sources.
const folder = new URL("../../../bench/peers/", import.meta.url);
const require = createRequire(new URL("package.json", folder));

/** @throws Error that says how to install what is not there */
export function load<T>(name: string): T {
  versionOf(name);
  return require(name) as T;
}

/** The version of a package; `name` may go on with a path inside it. */
export function versionOf(name: string): string {
  const parts = name.split("/");
  const own = parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
  const manifest = fileURLToPath(new URL(`node_modules/${own}/package.json`, folder));
  if (!existsSync(manifest)) throw new Error(`${own} is not there; node bench/install-peers.mjs installs it`);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return `${own} ${version}`;
}

/** A folder of a package, as a path with a separator at its end. */
export const folderOf = (path: string): string => fileURLToPath(new URL(`node_modules/${path}/`, folder));
