import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StudioEvent } from "../../../src/studio/protocol.ts";
import { type EventTarget, Feed, type Source, waitBefore } from "./events.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Opened {
  readonly path: string;
  readonly source: Source;
  closed: boolean;
  send(type: string, data: unknown): void;
}

/** A feed whose connections are written down. */
function watched(): { feed: Feed; opened: Opened[] } {
  const opened: Opened[] = [];
  const feed = new Feed((path) => {
    const listeners = new Map<string, (message: { data: string }) => void>();
    const one: Opened = {
      path: decodeURIComponent(path),
      closed: false,
      send: (type, data) => listeners.get(type)?.({ data: JSON.stringify(data) }),
      source: {
        onopen: null,
        onerror: null,
        addEventListener: (type: string, listener: unknown) =>
          listeners.set(type, listener as (message: { data: string }) => void),
        close: () => {
          one.closed = true;
        },
      },
    };
    opened.push(one);
    return one.source;
  });
  return { feed, opened };
}

function target(row = 0): EventTarget & { row: number; events: StudioEvent[]; connections: boolean[] } {
  const one = {
    row,
    events: [] as StudioEvent[],
    connections: [] as boolean[],
    nextRow: () => one.row,
    onEvent: (event: StudioEvent) => void one.events.push(event),
    onConnection: (connected: boolean) => void one.connections.push(connected),
  };
  return one;
}

const fire = (one: Opened | undefined, name: "onopen" | "onerror"): unknown =>
  (one?.source[name] as ((event?: unknown) => unknown) | null | undefined)?.({});

it("follows many runs over one connection, each from its row on", () => {
  const { feed, opened } = watched();
  const targets = Array.from({ length: 8 }, (_, i) => target(10 * i));
  targets.forEach((one, i) => void feed.follow(`r${i}`, one));
  vi.advanceTimersByTime(100);
  expect(opened).toHaveLength(1);
  expect(opened[0]?.path).toBe(`api/events?${targets.map(({ row }, i) => `of=r${i}:${row}`).join("&")}`);
  opened[0]?.send("gone", { id: "r7", event: { type: "gone" } });
  expect(targets.map(({ events }) => events.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
});

it("opens anew, from the rows that have come, where a run comes or goes", () => {
  const { feed, opened } = watched();
  const [a, b] = [target(), target(5)];
  const endA = feed.follow("a", a);
  vi.advanceTimersByTime(100);
  a.row = 20;
  const endB = feed.follow("b", b);
  vi.advanceTimersByTime(100);
  endA();
  endA();
  vi.advanceTimersByTime(100);
  expect(opened.map(({ path }) => path)).toEqual([
    "api/events?of=a:0",
    "api/events?of=a:20&of=b:5",
    "api/events?of=b:5",
  ]);
  expect(opened.map(({ closed }) => closed)).toEqual([true, true, false]);
  endB();
  expect(opened.at(-1)?.closed).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(opened).toHaveLength(3);
});

it("waits longer and longer for a connection that is lost, and tells", () => {
  const { feed, opened } = watched();
  const one = target();
  feed.follow("a", one);
  vi.advanceTimersByTime(100);
  fire(opened[0], "onopen");
  fire(opened[0], "onerror");
  expect(one.connections).toEqual([true, false]);
  vi.advanceTimersByTime(waitBefore(0) - 1);
  expect(opened).toHaveLength(1);
  vi.advanceTimersByTime(1);
  fire(opened[1], "onerror");
  vi.advanceTimersByTime(waitBefore(1) - 1);
  expect(opened).toHaveLength(2);
  vi.advanceTimersByTime(1);
  fire(opened[2], "onopen");
  fire(opened[2], "onerror");
  vi.advanceTimersByTime(waitBefore(0));
  expect(opened).toHaveLength(4);
  expect([waitBefore(0), waitBefore(20)]).toEqual([500, 15_000]);
});
