/** Which settings have a column of their own in the list of runs. */
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { differingSettings } from "../../../src/studio/settings.ts";

export interface SettingColumn {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly isNumber: boolean;
}

/** Settings that are shown whatever the runs are. */
const always: readonly string[] = ["dataset", "model", "lr", "epochs"];
/** Of those in which the runs differ besides, the first ones. */
const mostOthers = 5;
/** Columns of the list itself, whose names a setting may have as well. */
const taken: ReadonlySet<string> = new Set(["name", "started", "duration", "seed", "loss", "accuracy"]);

/** The usual settings, and those besides in which any two of the runs differ. */
export function settingColumns(runs: readonly RunSummary[]): readonly SettingColumn[] {
  const others = differingSettings(runs).filter((name) => !taken.has(name) && !always.includes(name));
  return [...always, ...others.slice(0, mostOthers)].map((name) => ({
    name,
    isNumber: runs.every(
      ({ settings }) => settings[name] === undefined || typeof settings[name] === "number",
    ),
  }));
}
