/**
 * Keeps package-lock.json good for every registry and platform; run it after a dependency was added or updated.
 *
 * A mirror may lack the binary packages of platforms other than its own. npm then leaves them out of the lock file,
 * and `npm ci` refuses that file everywhere. This writes the entries in, at the versions that their parents name
 * exactly (such parents pin their binaries). With `--check` it only says what is wrong.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/files.mjs";

/**
 * @typedef {{ version: string, resolved?: string, cpu?: string[], os?: string[], libc?: string[], license?: string,
 *   engines?: object, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} Entry
 */

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
/** @type {Record<string, Entry>} */
const entries = lock.packages;

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|x64|arm|ppc64|riscv64|s390x|ia32)(?:-(gnu|musl)\w*|-msvc|-eabi)?$/;

/**
 * The entry of a platform's binary package, or nothing where its name does not tell the platform.
 *
 * @param {string} name
 * @param {string} version
 * @param {Entry} parent
 * @returns {Entry | undefined}
 */
function binaryPackage(name, version, parent) {
  const [, os, cpu, libc] = platform.exec(name) ?? [];
  if (os === undefined || cpu === undefined) return undefined;
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(libc ? { libc: [libc === "gnu" ? "glibc" : "musl"] } : {}),
    ...(parent.license ? { license: parent.license } : {}),
    optional: true,
    os: [os],
    ...(parent.engines ? { engines: parent.engines } : {}),
  };
}

/** @type {string[]} */
const missing = [];
for (const [path, parent] of Object.entries(entries)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const known = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((place) => place in entries);
    const entry = known ? undefined : binaryPackage(name, version, parent);
    if (entry === undefined) continue;
    entries[`node_modules/${name}`] = entry;
    missing.push(name);
  }
}

const addresses = Object.values(entries).filter((entry) => entry.resolved !== undefined);
for (const entry of addresses) delete entry.resolved;

const wrong = [
  ...missing.map((name) => `package-lock.json: lacks ${name}`),
  ...(addresses.length > 0
    ? [`package-lock.json: ${addresses.length} entries name the registry they came from`]
    : []),
];
for (const line of wrong) console.error(line);

if (process.argv.includes("--check")) {
  if (wrong.length > 0) console.error("Mend it with `node scripts/complete-lock.mjs`.");
  process.exitCode = wrong.length === 0 ? 0 : 1;
} else if (wrong.length > 0) {
  const sorted = Object.entries(entries).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
