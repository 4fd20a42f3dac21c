import { expect, test } from "vitest";
import { differingSettings, settingText } from "./settings.ts";

test("runs differ in what two of them were given differently, not in what one was not given or where they lie", () => {
  const runs = [
    { settings: { lr: 0.1, seed: 1, out: "a", augment: { flip: true }, norm: "batch" } },
    { settings: { lr: 0.1, seed: 2, out: "b", augment: { flip: false } } },
    { settings: { lr: 0.1, seed: 1, epochs: null, name: "x" } },
  ];
  expect(differingSettings(runs)).toEqual(["seed", "augment"]);
  expect(differingSettings([])).toEqual([]);
});

test("settings as text", () => {
  expect([0, "a", true, [1, 2], { p: 0.5 }, null, undefined].map(settingText)).toEqual([
    ...["0", "a", "true", "[1,2]", '{"p":0.5}', "", ""],
  ]);
});
