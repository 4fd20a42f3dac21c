/**
 * `tatami runs`, and finding the run that a command means.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { listRuns } from "../node.ts";
import { differingSettings, RunStore, type RunSummary } from "../studio/index.ts";
import { textTable } from "../train/index.ts";
import { UsageError } from "./errors.ts";
import { type Output, percent } from "./output.ts";

/**
 * The folder of all runs may be missing, as before the first training.
 *
 * @param option Which one names it.
 * @throws UsageError when it is a file, or the folder of a single run.
 */
export function checkRunsFolder(out: string, option = "--out"): void {
  const found = statSync(out, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) {
    throw new UsageError(`${option} ${out} is a file; name the folder of all runs, which is runs by default`);
  }
  if (existsSync(join(out, "run.json"))) {
    throw new UsageError(
      `${option} ${out} is a single run; name the folder of all runs, ${option} ${dirname(out)}`,
    );
  }
}

/**
 * The folder of a run.
 *
 * @param name Its path, its id, or "latest".
 * @param out Folder of all runs.
 * @param option Which one names that.
 * @throws UsageError when there is none; it names the newest.
 */
export async function findRun(name: string, out: string, option = "--out"): Promise<string> {
  if (existsSync(join(name, "run.json"))) return name;
  if (existsSync(join(out, name, "run.json"))) return join(out, name);
  checkRunsFolder(out, option);
  const latest = (await listRuns(out)).at(-1);
  if (latest === undefined) {
    const which =
      name === "latest" ? `there is no run in ${out}` : `there is no run ${name}, and none in ${out}`;
    throw new UsageError(`${which}; train one with: tatami train`);
  }
  if (name === "latest") return latest.path;
  throw new UsageError(`there is no run ${name}; the newest is ${latest.path}, and tatami runs lists all`);
}

/** Prints all runs, the newest last: the same list as the studio's. */
export async function runs({ out }: { readonly out: string }, output: Output): Promise<void> {
  checkRunsFolder(out);
  const { runs: newestFirst, damaged } = await new RunStore(out).list();
  for (const { reason } of damaged) process.stderr.write(`left out: ${reason}\n`);
  const found = newestFirst.toReversed();
  for (const run of found) output.event("run", { path: join(out, run.id), ...run });
  if (found.length === 0) {
    output.line(`No runs in ${out}; train one with: tatami train`);
    return;
  }
  const head = ["RUN", "STATUS", "MODEL", "DATASET", "TEST ACCURACY", "DIFFERS IN", "NAME", "TAGS"];
  const differing = differingSettings(found).filter((name) => name !== "model" && name !== "dataset");
  for (const row of textTable([head, ...found.map((run) => rowOf(run, out, differing))])) output.line(row);
}

function rowOf(
  { id, name, status, settings, result, tags }: RunSummary,
  out: string,
  differing: readonly string[],
): string[] {
  const accuracy = result?.testAccuracy;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const given = differing.filter((key) => settings[key] !== undefined);
  return [
    join(out, id),
    status,
    text(settings.model),
    text(settings.dataset),
    typeof accuracy === "number" ? percent(accuracy) : "",
    given.map((key) => `${key}=${String(settings[key])}`).join(" "),
    name,
    tags.join(", "),
  ];
}
