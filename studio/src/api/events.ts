/**
 * Live events of runs, of all that the page follows over one connection: a browser opens six to a server at most, and the
 * other requests need theirs. When the connection is lost it is opened again from the rows that have arrived, after a wait that
 * doubles up to {@link longestWait}: the browser's own reconnection would ask for the old rows again.
 */
import type { RunEvent, StudioEvent } from "../../../src/studio/protocol.ts";
import { api } from "./client.ts";

const firstWait = 500;
const longestWait = 15_000;
/** Runs that come or go within so many milliseconds change the connection once. */
const gatherMs = 30;
const types: readonly StudioEvent["type"][] = [
  "steps",
  "recorded",
  "epoch",
  "verdicts",
  "snapshot",
  "status",
  "gone",
];

export interface EventTarget {
  /** The row that the next connection starts from. */
  nextRow(): number;
  onEvent(event: StudioEvent): void;
  onConnection(connected: boolean): void;
}

/** What a connection is asked of: as `EventSource`, so that tests need none. */
export type Source = Pick<EventSource, "addEventListener" | "close" | "onopen" | "onerror">;

/** Wait before the n-th attempt in a row, in milliseconds; n counts from 0. */
export const waitBefore = (attempt: number): number => Math.min(firstWait * 2 ** attempt, longestWait);

interface Followed {
  readonly id: string;
  readonly target: EventTarget;
}

/** All runs that are followed, and their connection. */
export class Feed {
  readonly #open: (path: string) => Source;
  readonly #followed = new Set<Followed>();
  #source: Source | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;

  constructor(open: (path: string) => Source = (path) => new EventSource(path)) {
    this.#open = open;
  }

  /** @returns What ends it. */
  follow(id: string, target: EventTarget): () => void {
    const one: Followed = { id, target };
    this.#followed.add(one);
    this.#connectSoon(gatherMs);
    return () => {
      if (!this.#followed.delete(one)) return;
      if (this.#followed.size > 0) return this.#connectSoon(gatherMs);
      clearTimeout(this.#timer);
      this.#close();
    };
  }

  #connectSoon(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #connect(): void {
    this.#close();
    const source = this.#open(
      api.eventsPath([...this.#followed].map(({ id, target }) => [id, target.nextRow()])),
    );
    this.#source = source;
    source.onopen = () => {
      this.#attempts = 0;
      this.#tell(true);
    };
    source.onerror = () => {
      this.#close();
      this.#connectSoon(waitBefore(this.#attempts++));
      this.#tell(false);
    };
    for (const type of types) {
      source.addEventListener(type, (message: MessageEvent<string>) => this.#take(message.data));
    }
  }

  /** Whoever is told may begin or end to follow. */
  #tell(connected: boolean): void {
    for (const { target } of [...this.#followed]) target.onConnection(connected);
  }

  #take(data: string): void {
    const { id, event } = JSON.parse(data) as RunEvent;
    for (const one of [...this.#followed]) if (one.id === id) one.target.onEvent(event);
  }
}

const feed = new Feed();

/** Follows a run; the function that comes back ends it for good. */
export const followRun = (id: string, target: EventTarget): (() => void) => feed.follow(id, target);
