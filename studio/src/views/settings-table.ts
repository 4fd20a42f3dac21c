/** Settings of several runs side by side, and which runs are repetitions of each other. */
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { isSetting as isRunSetting, settingText } from "../../../src/studio/settings.ts";

type Settled = Pick<RunSummary, "id" | "seed" | "settings">;

/** Whether runs that differ in it are of different settings: those that differ in their seeds alone are repetitions. */
export const isSetting = (name: string): boolean => name !== "seed" && isRunSetting(name);

export interface SettingRow {
  readonly name: string;
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** One row for each setting that any of the runs has, the seed included; rows that differ come first. */
export function settingRows(runs: readonly Settled[]): readonly SettingRow[] {
  const all = runs.map((run): Record<string, unknown> => ({ ...run.settings, seed: run.seed }));
  const names = [...new Set(all.flatMap((settings) => Object.keys(settings)))];
  const rows = names.map((name) => {
    const values = all.map((settings) => settingText(settings[name]));
    return { name, values, differs: new Set(values).size > 1 };
  });
  return [...rows.filter((row) => row.differs), ...rows.filter((row) => !row.differs)];
}

/** Runs of the same settings in one group, whatever their seeds; groups and runs keep their order. */
export function groupBySettings<T extends Settled>(runs: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const run of runs) {
    const entries = Object.entries(run.settings).filter(([name]) => isSetting(name));
    const key = JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()];
}

/** Names of the settings in which groups differ, the seed aside. */
export function differingNames(runs: readonly Settled[]): readonly string[] {
  return settingRows(runs)
    .filter((row) => row.differs && isSetting(row.name))
    .map((row) => row.name);
}
