import { expect, test } from "vitest";
import { differingNames, groupBySettings, settingRows } from "./settings-table.ts";

const runs = [
  { id: "a", seed: 0, settings: { lr: 0.1, model: "lenet", seed: 0 } },
  { id: "b", seed: 1, settings: { model: "lenet", lr: 0.1, seed: 1 } },
  { id: "c", seed: 0, settings: { lr: 0.01, model: "lenet", seed: 0, decay: { kind: "cosine" } } },
];

test("rows that differ come first and say so; a missing setting is empty", () => {
  expect(settingRows(runs)).toEqual([
    { name: "lr", values: ["0.1", "0.1", "0.01"], differs: true },
    { name: "seed", values: ["0", "1", "0"], differs: true },
    { name: "decay", values: ["", "", '{"kind":"cosine"}'], differs: true },
    { name: "model", values: ["lenet", "lenet", "lenet"], differs: false },
  ]);
  expect(differingNames(runs)).toEqual(["lr", "decay"]);
});

test("seeds of the same settings are one group, in whatever order the settings stand", () => {
  expect(groupBySettings(runs).map((group) => group.map((run) => run.id))).toEqual([["a", "b"], ["c"]]);
});
