import { expect, test } from "vitest";
import type { RunSummary } from "../../../src/studio/protocol.ts";
import { nextOrder, orderOf, sortedRuns } from "./run-sort.ts";

const run = (id: string, lr: number, accuracy?: number): RunSummary => ({
  id,
  name: `run ${id}`,
  status: "done",
  startedAt: `2026-01-0${id}T00:00:00Z`,
  endedAt: `2026-01-0${id}T00:01:00Z`,
  seed: 0,
  settings: { lr },
  tags: [],
  ...(accuracy === undefined ? {} : { last: { validation_accuracy: accuracy, loss: "NaN" } }),
});
const runs = [run("3", 0.1, 0.5), run("2", 0.01), run("1", 1, 0.9)];
const ids = (text: string | null): string =>
  sortedRuns(runs, orderOf(text), 0)
    .map(({ id }) => id)
    .join("");

test("either way, and what has no value last", () => {
  expect(ids(null)).toBe("321");
  expect(ids("secret")).toBe("321");
  expect([ids("lr"), ids("-lr")]).toEqual(["231", "132"]);
  expect([ids("accuracy"), ids("-accuracy")]).toEqual(["312", "132"]);
  expect([ids("name"), ids("-started")]).toEqual(["123", "321"]);
  expect(ids("-loss")).toBe("321");
});

test("a column is clicked through: one way, the other way, as it was", () => {
  expect(nextOrder(null, "lr")).toBe("lr");
  expect(nextOrder(orderOf("lr"), "lr")).toBe("-lr");
  expect(nextOrder(orderOf("-lr"), "lr")).toBeNull();
  expect(nextOrder(orderOf("-lr"), "accuracy")).toBe("-accuracy");
  expect(nextOrder(orderOf("-accuracy"), "accuracy")).toBe("accuracy");
  expect(nextOrder(orderOf("accuracy"), "accuracy")).toBeNull();
});
