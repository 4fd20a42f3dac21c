/**
 * The model of a run, with the weights that it has learned.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileFormatError } from "../index.ts";
import { currentStatus, loadSafetensorsFile, type RunStatus, readRun } from "../node.ts";
import { type BuiltModel, buildModel } from "./build.ts";
import { findRun } from "./runs.ts";
import { settingsOf, type TrainSettings } from "./settings.ts";

/**
 * @param name Its path, its id, or "latest".
 * @param out Folder of all runs.
 * @param option Which one names that.
 * @throws UsageError when there is no such run, FileFormatError when it is damaged, or has no weights yet.
 */
export async function loadRun(
  name: string,
  out: string,
  option = "--out",
): Promise<{ path: string; settings: TrainSettings; model: BuiltModel }> {
  const path = await findRun(name, out, option);
  const { info } = await readRun(path);
  const settings = settingsOf(info, path);
  const status = await currentStatus(path, info);
  if (status !== "done") {
    const why = info.error === undefined ? "" : `: ${info.error}`;
    process.stderr.write(`note: ${path} is not done but ${status}${why}\n`);
  }
  const weights = join(path, "model.safetensors");
  if (!existsSync(weights)) throw withoutWeights(path, status);
  const model = buildModel(settings);
  model.loadStateDict(await loadSafetensorsFile(weights));
  model.eval();
  return { path, settings, model };
}

/** Weights are there from the end of the first epoch on. */
function withoutWeights(path: string, status: RunStatus): FileFormatError {
  const remedy = {
    running: "they are saved after its first epoch; wait for that, or name another run",
    interrupted: `go on with: tatami train --resume ${path}`,
    failed: "name another run, or train anew",
    done: "name another run, or train anew",
  }[status];
  return new FileFormatError(`${path} has no weights (model.safetensors is missing); ${remedy}`, { path });
}
