#!/usr/bin/env node
/**
 * The command `tatami`. The work is in `program.ts`.
 */
import { run } from "./program.ts";

// Whoever reads our output may stop reading, as `head` does: that is no mistake.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

process.exitCode = await run(process.argv.slice(2));
