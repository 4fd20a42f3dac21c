/**
 * `npm run bench -- OPTIONS`: compiles bench/ with the sources that it measures, and the package for what is measured as
 * users have it, and runs bench/run.ts.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildBench, buildDist, isDistCurrent } from "./lib/compile.mjs";
import { root } from "./lib/files.mjs";

if (!buildBench()) process.exit(1);
if (!isDistCurrent() && !(await buildDist())) process.exit(1);

const bench = join(root, "build", "bench", "run.js");
process.argv = [process.execPath, bench, ...process.argv.slice(2)];
await import(pathToFileURL(bench).href);
