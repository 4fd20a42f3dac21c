/**
 * Puts the compiled modules together for Node, into `dist/bundle/`: finding and linking more than 400 files takes Node
 * some 250 ms, a few files take 60. Browsers get modules, of which a user's bundler keeps what is needed; what runs in
 * Node only is in the bundle alone.
 *
 * The files of the bundle lie side by side, as deep as those of the modules, so that `new URL("../x", import.meta.url)`
 * means the same in both.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";
import { libraryEntries, programs } from "./entries.mjs";
import { filesIn, root } from "./files.mjs";
import { atOnce, reach } from "./reach.mjs";

/** @param {string} path Such as "dist/nn/index.js". */
const inDist = (path) => path.replace(/^dist\//, "");

/** @param {string} program Such as "dist/cli/main.js". */
const bundleOf = (program) => inDist(program).replaceAll("/", "-");

/**
 * Adds the bundle to a folder that is to become `dist/`, and takes away the modules that are in the bundle alone.
 *
 * @param {string} draft
 */
export async function bundleForNode(draft) {
  const entries = libraryEntries();
  const inputs = [
    ...entries.map(({ module, bundled }) => [basename(bundled, ".js"), join(draft, inDist(module))]),
    ...programs.map((path) => [basename(bundleOf(path), ".js"), join(draft, inDist(path))]),
  ];
  const started = programs.map((path) => join(draft, inDist(path)));
  const bundle = await rolldown({
    input: Object.fromEntries(inputs),
    platform: "node",
    external: isOfOthers(),
    treeshake: { moduleSideEffects: (id) => started.includes(id) },
  });
  // Messages and summaries show the names of classes.
  const form = /** @type {const} */ ({ format: "esm", keepNames: true, chunkFileNames: "shared-[hash].js" });
  await bundle.write({ dir: join(draft, "bundle"), ...form });
  await bundle.close();
  for (const path of programs) leadToBundle(draft, path);
  removeModulesForNode(draft, entries);
}

/** Whether a module is Node's own or belongs to a package that is installed with ours. */
function isOfOthers() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const packages = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  return (/** @type {string} */ id) =>
    id.startsWith("node:") || packages.some((name) => id === name || id.startsWith(`${name}/`));
}

/**
 * @param {string} draft
 * @param {string} program
 */
function leadToBundle(draft, program) {
  const file = join(draft, inDist(program));
  const shebang = readFileSync(file, "utf8").match(/^#!.*\n/)?.[0] ?? "";
  writeFileSync(file, `${shebang}import "../bundle/${bundleOf(program)}";\n`);
  rmSync(`${file}.map`);
}

/**
 * @param {string} draft
 * @param {import("./entries.mjs").Entry[]} entries
 */
function removeModulesForNode(draft, entries) {
  const kept = entries.filter(({ isForNode }) => !isForNode).map(({ module }) => inDist(module));
  const reached = reach(
    draft,
    [...kept, ...programs.map(inDist)],
    [atOnce, /\bimport\(\s*["']([^"']+)["']\s*\)/g],
  );
  for (const source of filesIn("src", (file) => /(?<!\.d)\.ts$/.test(file))) {
    const compiled = source.replace(/^src\//, "").replace(/\.ts$/, ".js");
    if (reached.has(compiled)) continue;
    for (const file of [compiled, `${compiled}.map`]) rmSync(join(draft, file), { force: true });
  }
}
