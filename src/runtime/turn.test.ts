import { afterEach, expect, test, vi } from "vitest";
import { Turn } from "./turn.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Awaits short pieces of work one after the other for 60 ms; tells whether a timer of 1 ms got its turn meanwhile. */
async function letsTimersRun(): Promise<boolean> {
  const turn = new Turn();
  let ran = false;
  const timer = setTimeout(() => {
    ran = true;
  }, 1);
  const end = performance.now() + 60;
  while (performance.now() < end) {
    busyFor(1);
    await new Promise<void>((resolve) => turn.next(resolve));
  }
  const told = ran;
  clearTimeout(timer);
  return told;
}

test("a loop of short programs leaves the event loop its turns", async () => {
  expect(await letsTimersRun()).toBe(true);
});

test("also where there is no setImmediate", async () => {
  vi.stubGlobal("setImmediate", undefined);
  expect(await letsTimersRun()).toBe(true);
});

test("a short program is told at once", () => {
  const turn = new Turn();
  let told = 0;
  for (let i = 0; i < 3; i++) turn.next(() => told++);
  expect(told).toBe(3);
});
