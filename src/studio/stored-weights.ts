/**
 * The stored weights of a run.
 */
import { snapshotFile, snapshotStep, snapshotsFolder } from "../train/recording/snapshots.ts";
import { confinedFolder, namesIn } from "./confined-files.ts";

/** Steps of which weights are stored, ascending. @param path The run's folder. */
export async function storedSteps(path: string): Promise<number[]> {
  const folder = confinedFolder(path, snapshotsFolder);
  const names = folder === null ? [] : await namesIn(folder);
  return names.flatMap((name) => snapshotStep(name) ?? []).sort((a, b) => a - b);
}

/** The file of the weights at a step, or of the nearest one before it; null where there is none. */
export async function nearestWeights(
  path: string,
  step: number,
): Promise<{ readonly step: number; readonly file: string } | null> {
  const found = (await storedSteps(path)).findLast((one) => one <= step);
  if (found === undefined) return null;
  const file = confinedFolder(path, snapshotsFolder, snapshotFile(found));
  return file === null ? null : { step: found, file };
}
