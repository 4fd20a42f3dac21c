/**
 * The model of a run, with the weights that it has learned.
 */
import { currentStatus, loadSafetensorsFile, readRun } from "../node.ts";
import { type BuiltModel, buildModel } from "./build.ts";
import { findRun } from "./runs.ts";
import { settingsOf, type TrainSettings } from "./settings.ts";

/** @throws UsageError when there is no such run, FileFormatError when it is damaged. */
export async function loadRun(
  name: string,
  out: string,
): Promise<{ path: string; settings: TrainSettings; model: BuiltModel }> {
  const path = await findRun(name, out);
  const { info } = await readRun(path);
  const settings = settingsOf(info, path);
  const status = await currentStatus(path, info);
  if (status !== "done") {
    const why = info.error === undefined ? "" : `: ${info.error}`;
    process.stderr.write(`note: ${path} is not done but ${status}${why}\n`);
  }
  const model = buildModel(settings);
  model.loadStateDict(await loadSafetensorsFile(`${path}/model.safetensors`));
  model.eval();
  return { path, settings, model };
}
