/**
 * What is new in a run, for as long as a page listens.
 */
import { FileFormatError } from "../base/errors.ts";
import { looseRecord } from "./loose.ts";
import type { StudioEvent } from "./protocol.ts";
import type { RunReader } from "./run-reader.ts";
import type { RunStore } from "./run-store.ts";

/** Rows that an event has at most. */
const mostRows = 4000;

/** What the page has been told. */
interface Told {
  rows: number;
  recorded: string;
  epochs: number;
  verdicts: string;
  snapshots: ReadonlySet<number>;
  status: string;
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
  readonly #store: RunStore;
  readonly #id: string;
  #told: Told | null = null;
  readonly #from: number;
  #live = true;

  constructor(store: RunStore, id: string, from: number) {
    this.#store = store;
    this.#id = id;
    this.#from = from;
  }

  /** Whether the run was going on at the last look. */
  get isLive(): boolean {
    return this.#live;
  }

  /** What is new since the last call; null when the run is gone. */
  async next(): Promise<readonly StudioEvent[] | null> {
    const reader = await this.#store.open(this.#id).catch((error: unknown) => {
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
      verdicts: "",
      snapshots: new Set(),
      status: "",
    };
    return this.#changes(reader, this.#told);
  }

  async #now(reader: RunReader, rows: number): Promise<Told> {
    return {
      rows,
      recorded: JSON.stringify(reader.recorded),
      epochs: reader.head.epochs.length,
      verdicts: JSON.stringify(reader.verdicts()),
      snapshots: new Set(await reader.snapshots()),
      status: JSON.stringify(statusOf(reader)),
    };
  }

  async #changes(reader: RunReader, told: Told): Promise<StudioEvent[]> {
    const events: StudioEvent[] = [];
    const now = await this.#now(reader, told.rows);
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
    if (now.verdicts !== told.verdicts) events.push({ type: "verdicts", verdicts: reader.verdicts() });
    for (const step of now.snapshots) if (!told.snapshots.has(step)) events.push({ type: "snapshot", step });
    if (now.status !== told.status) events.push({ type: "status", run: reader.head.summary });
    this.#told = now;
    return events;
  }
}

/** What of a run makes a status event; metrics come with events of their own. */
function statusOf(reader: RunReader): unknown {
  const { last: _last, ...rest } = reader.head.summary;
  return rest;
}
