import { expect, test } from "vitest";
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { runMatches, secondsOf } from "./run-filter.ts";

const run: RunSummary = {
  id: "r1",
  name: "Wide net",
  status: "done",
  startedAt: "2026-01-01T00:00:00Z",
  endedAt: "2026-01-01T00:01:30Z",
  seed: 0,
  settings: { model: "lenet", lr: 0.1 },
  tags: ["baseline"],
};

test("all words must be found, wherever they stand", () => {
  for (const filter of ["", "wide", "LENET base", "lr=0.1 done"]) expect(runMatches(run, filter)).toBe(true);
  for (const filter of ["narrow", "wide failed"]) expect(runMatches(run, filter)).toBe(false);
});

test("duration of a finished, a running and a broken-off run", () => {
  expect(secondsOf(run, 0)).toBe(90);
  const { endedAt: _, ...open } = run;
  expect(secondsOf({ ...open, status: "running" }, Date.parse("2026-01-01T00:00:10Z"))).toBe(10);
  expect(secondsOf({ ...open, status: "interrupted" }, 0)).toBeNaN();
});
