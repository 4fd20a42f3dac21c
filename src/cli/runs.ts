/**
 * `tatami runs`, and finding the run that a command means.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listRuns, type RunInfo } from "../node.ts";
import { textTable } from "../train/index.ts";
import { UsageError } from "./errors.ts";
import { type Output, percent } from "./output.ts";

/**
 * The folder of a run.
 *
 * @param name Its path, its id, or "latest".
 * @param out Folder of all runs.
 * @throws UsageError when there is none; it names the newest.
 */
export async function findRun(name: string, out: string): Promise<string> {
  if (existsSync(join(name, "run.json"))) return name;
  if (existsSync(join(out, name, "run.json"))) return join(out, name);
  const latest = (await listRuns(out)).at(-1);
  if (latest === undefined) {
    throw new UsageError(`there is no run ${name}, and none in ${out}; train one with: tatami train`);
  }
  if (name === "latest") return latest.path;
  throw new UsageError(`there is no run ${name}; the newest is ${latest.path}, and tatami runs lists all`);
}

/** Prints all runs, the newest last. */
export async function runs({ out }: { readonly out: string }, output: Output): Promise<void> {
  const found = await listRuns(out, (error) => process.stderr.write(`left out: ${error.message}\n`));
  for (const { path, info } of found) output.event("run", { path, ...info });
  if (found.length === 0) output.line(`No runs in ${out}; train one with: tatami train`);
  else
    for (const row of textTable([
      ["RUN", "STATUS", "MODEL", "DATASET", "TEST ACCURACY"],
      ...found.map(rowOf),
    ]))
      output.line(row);
}

function rowOf({ path, info }: { path: string; info: RunInfo }): string[] {
  const accuracy = info.result?.testAccuracy;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return [
    path,
    info.status,
    text(info.settings.model),
    text(info.settings.dataset),
    accuracy === undefined ? "" : percent(accuracy),
  ];
}
