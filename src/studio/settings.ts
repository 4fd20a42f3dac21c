/** Settings of runs: what counts as one, how it is written, and in which of them runs differ. */

interface Settled {
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A setting as text; what is nested is written as JSON, what was not given as nothing. */
export function settingText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Names that only say where or what for a run was made. */
const notSettings: ReadonlySet<string> = new Set(["out", "name", "resume"]);

/** Whether a name in a run's settings says something about the training. */
export const isSetting = (name: string): boolean => !notSettings.has(name);

/** Settings in which any two of the runs differ: two values that were given, not one and none. In order of appearance. */
export function differingSettings(runs: readonly Settled[]): readonly string[] {
  const names = new Set(runs.flatMap(({ settings }) => Object.keys(settings)));
  const given = (name: string): ReadonlySet<string> =>
    new Set(runs.map(({ settings }) => settingText(settings[name])).filter((text) => text !== ""));
  return [...names].filter((name) => isSetting(name) && given(name).size > 1);
}
