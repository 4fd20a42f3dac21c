/**
 * What is new in a run, for as long as a page listens.
 */
import { FileFormatError } from "../base/errors.ts";
import { looseRecord } from "./loose.ts";
import type { RunSummary, StudioEvent, VerdictText } from "./protocol.ts";
import type { RunReader } from "./run-reader.ts";
import type { RunStore } from "./run-store.ts";

/** Rows that an event has at most. */
const mostRows = 4000;

/** What the page has been told. What was the same object at the last look has not changed. */
interface Told {
  rows: number;
  recorded: string;
  epochs: number;
  verdicts: Text<readonly VerdictText[]>;
  snapshots: readonly number[];
  status: Text<RunSummary>;
}

/** An object, and the text by which it is compared. */
interface Text<T> {
  readonly of: T | null;
  readonly text: string;
}

/** Epochs that the first look tells of: more than end between a page's two requests. */
const firstEpochs = 8;

/**
 * Follows a run from a row on. The first look tells what there is besides, though the page has most of it from `RunDetail`:
 * what has changed between its two requests, such as the end of the run, would never be told otherwise.
 *
 * @param store Where the run is.
 */
export class RunFollower {
  readonly id: string;
  readonly #store: RunStore;
  #told: Told | null = null;
  readonly #from: number;
  #live = true;

  constructor(store: RunStore, id: string, from: number) {
    this.#store = store;
    this.id = id;
    this.#from = from;
  }

  /** Whether the run was going on at the last look. */
  get isLive(): boolean {
    return this.#live;
  }

  /** What is new since the last call; null when the run is gone. */
  async next(): Promise<readonly StudioEvent[] | null> {
    const reader = await this.#store.open(this.id).catch((error: unknown) => {
      // It is being replaced at this moment, or is damaged: the next look will show.
      if (error instanceof FileFormatError) return undefined;
      throw error;
    });
    if (reader === undefined) return [];
    if (reader === null) return null;
    this.#live = reader.head.summary.status === "running" || (this.#told?.rows ?? 0) < reader.steps.length;
    this.#told ??= {
      rows: Math.min(this.#from, reader.steps.length),
      recorded: "",
      epochs: Math.max(0, reader.head.epochs.length - firstEpochs),
      verdicts: { of: null, text: "" },
      snapshots: [],
      status: { of: null, text: "" },
    };
    return this.#changes(reader, this.#told);
  }

  async #now(reader: RunReader, told: Told): Promise<Told> {
    const [verdicts, { summary }] = [reader.verdicts(), reader.head];
    return {
      rows: told.rows,
      recorded: JSON.stringify(reader.recorded),
      epochs: reader.head.epochs.length,
      verdicts:
        told.verdicts.of === verdicts ? told.verdicts : { of: verdicts, text: JSON.stringify(verdicts) },
      snapshots: await reader.snapshots(),
      status: told.status.of === summary ? told.status : { of: summary, text: statusOf(summary) },
    };
  }

  async #changes(reader: RunReader, told: Told): Promise<StudioEvent[]> {
    const events: StudioEvent[] = [];
    const now = await this.#now(reader, told);
    // Fewer than were told: a resumed training has taken rows back, and goes on from here.
    const from = Math.min(told.rows, reader.steps.length);
    now.rows = Math.min(reader.steps.length, from + mostRows);
    if (now.rows !== told.rows)
      events.push({ type: "steps", from, columns: reader.steps.rows(from, now.rows) });
    if (now.recorded !== told.recorded && reader.recorded !== null) {
      const { last, count } = reader.recorded;
      events.push({ type: "recorded", last, count });
    }
    for (const metrics of reader.head.epochs.slice(told.epochs)) {
      events.push({ type: "epoch", metrics: looseRecord(metrics) });
    }
    if (now.verdicts.text !== told.verdicts.text) {
      events.push({ type: "verdicts", verdicts: reader.verdicts() });
    }
    for (const step of newSteps(now.snapshots, told.snapshots)) events.push({ type: "snapshot", step });
    if (now.status.text !== told.status.text) events.push({ type: "status", run: reader.head.summary });
    this.#told = now;
    return events;
  }
}

/** Those that were not there. */
function newSteps(now: readonly number[], before: readonly number[]): readonly number[] {
  if (now === before) return [];
  const known = new Set(before);
  return now.filter((step) => !known.has(step));
}

/** What of a run makes a status event; metrics come with events of their own. */
function statusOf({ last: _last, ...rest }: RunSummary): string {
  return JSON.stringify(rest);
}
