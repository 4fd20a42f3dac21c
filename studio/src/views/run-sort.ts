/** The order of the list of runs. */
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { toNumber } from "../api/loose.ts";
import { secondsOf } from "./run-filter.ts";

export interface Order {
  /** "name", "started", "duration", "seed", "loss", "accuracy", or a setting. */
  readonly key: string;
  readonly descending: boolean;
}

/** "loss" is the smallest first, "-loss" the largest; null, as the server has them, is the newest first. */
export function orderOf(text: string | null): Order | null {
  const descending = text?.startsWith("-") === true;
  const key = descending ? text?.slice(1) : text;
  return key ? { key, descending } : null;
}

/** What a click on a column makes of the order: one way, the other way, and back to the newest first. */
export function nextOrder(order: Order | null, key: string): string | null {
  // Who sorts by accuracy looks for the best.
  const first = key === "accuracy" || key === "started" || key === "duration";
  if (order?.key !== key) return first ? `-${key}` : key;
  if (order.descending === first) return first ? key : `-${key}`;
  return null;
}

function sortValue(run: RunSummary, key: string, now: number): unknown {
  switch (key) {
    case "name":
      return run.name;
    case "started":
      return run.startedAt;
    case "duration":
      return secondsOf(run, now);
    case "seed":
      return run.seed;
    case "loss":
      return toNumber(run.last?.loss);
    case "accuracy":
      return toNumber(run.last?.validation_accuracy);
    default:
      return run.settings[key];
  }
}

/** Runs that have no value come last, whichever way the others go. */
export function sortedRuns(
  runs: readonly RunSummary[],
  order: Order | null,
  now: number,
): readonly RunSummary[] {
  if (order === null) return runs;
  const isMissing = (value: unknown): boolean => value === undefined || value === null || Number.isNaN(value);
  const sign = order.descending ? -1 : 1;
  return runs.toSorted((a, b) => {
    const [x, y] = [sortValue(a, order.key, now), sortValue(b, order.key, now)];
    if (isMissing(x) || isMissing(y)) return Number(isMissing(x)) - Number(isMissing(y));
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true });
  });
}
