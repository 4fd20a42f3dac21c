import { expect, test } from "vitest";
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { settingColumns } from "./run-columns.ts";

const run = (settings: RunSummary["settings"]): RunSummary => ({
  id: JSON.stringify(settings),
  name: "run",
  status: "done",
  startedAt: "2026-01-01T00:00:00Z",
  seed: 0,
  settings,
  tags: [],
});
const usual = ["dataset", "model", "lr", "epochs"];
const namesOf = (...runs: RunSummary["settings"][]): string[] =>
  settingColumns(runs.map(run)).map(({ name }) => name);

test("what runs differ in has a column besides the usual ones", () => {
  expect(namesOf()).toEqual(usual);
  expect(namesOf({ init: "default", norm: "batch" }, { init: "default", norm: "batch" })).toEqual(usual);
  expect(namesOf({ init: "default", norm: "batch" }, { init: "zeros", norm: "batch" })).toEqual([
    ...usual,
    "init",
  ]);
  // One that was not given is no difference, nor is what only says where a run lies or how often it was made.
  expect(namesOf({ init: "default" }, { lr: 1 })).toEqual(usual);
  expect(namesOf({ out: "a", seed: 1, loss: 2 }, { out: "b", seed: 2, loss: 3 })).toEqual(usual);
});

test("a few at most, numbers to the right", () => {
  const many = (value: number) =>
    Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, value]));
  expect(namesOf(many(1), many(2))).toEqual([...usual, "a", "b", "c", "d", "e"]);
  const columns = settingColumns([
    run({ init: "zeros", dropout: 0.1 }),
    run({ init: "default", dropout: 0.5 }),
  ]);
  expect(columns.filter(({ isNumber }) => isNumber).map(({ name }) => name)).toContain("dropout");
  expect(columns.find(({ name }) => name === "init")?.isNumber).toBe(false);
});
