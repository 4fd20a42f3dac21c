/**
 * `npm start -- OPTIONS`: trains. Builds `dist/` first where it is missing or older than the sources.
 *
 * The command runs in this very process, not in a child of it, so Ctrl-C, the terminal's width, standard input and
 * the exit code are the command's own.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildDist, dist, isDistCurrent } from "./lib/compile.mjs";

if (!isDistCurrent()) {
  console.error("Building (only after a change) ...");
  if (!(await buildDist())) process.exit(1);
}

const command = join(dist, "cli", "main.js");
process.argv = [process.execPath, command, "train", ...process.argv.slice(2)];
await import(pathToFileURL(command).href);
