/** The filter of the list of runs. */
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { settingText } from "../../../src/studio/settings.ts";

/** Whether every word of the filter is found in the run's name, status, tags or settings. */
export function runMatches(run: RunSummary, filter: string): boolean {
  const settings = Object.entries(run.settings).map(([name, value]) => `${name}=${settingText(value)}`);
  const text = [run.name, run.id, run.status, ...run.tags, ...settings].join("\n").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Seconds that a run has taken, or has been going on; NaN where that cannot be told. */
export function secondsOf(run: RunSummary, now: number): number {
  const end = run.endedAt ?? (run.status === "running" ? new Date(now).toISOString() : "");
  return (Date.parse(end) - Date.parse(run.startedAt)) / 1000;
}
