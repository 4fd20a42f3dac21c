/**
 * Live events of a run. When the connection is lost it is opened again from the rows that have arrived, after a wait
 * that doubles up to {@link longestWait}: the browser's own reconnection would ask for the old rows again.
 */
import type { StudioEvent } from "../../../src/studio/protocol.ts";
import { api } from "./client.ts";

const firstWait = 500;
const longestWait = 15_000;
const types = ["steps", "recorded", "epoch", "verdicts", "snapshot", "status"] as const;

export interface EventTarget {
  /** The row that the next connection starts from. */
  nextRow(): number;
  onEvent(event: StudioEvent): void;
  onConnection(connected: boolean): void;
}

/** Wait before the n-th attempt in a row, in milliseconds; n counts from 0. */
export const waitBefore = (attempt: number): number => Math.min(firstWait * 2 ** attempt, longestWait);

/** Opens the stream and keeps it open; the function that comes back closes it for good. */
export function followRun(id: string, target: EventTarget): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;

  const open = (): void => {
    source = new EventSource(api.eventsPath(id, target.nextRow()));
    source.onopen = () => {
      attempts = 0;
      target.onConnection(true);
    };
    source.onerror = () => {
      source?.close();
      target.onConnection(false);
      timer = setTimeout(open, waitBefore(attempts++));
    };
    for (const type of types) {
      source.addEventListener(type, (message: MessageEvent<string>) =>
        target.onEvent(JSON.parse(message.data) as StudioEvent),
      );
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
