import { expect, it } from "vitest";
import { encodeRecord, type LayerHeader, statisticsFields } from "../train/recording/layer-log.ts";
import { LayerTable } from "./layer-table.ts";
import { OpenEpoch } from "./open-epoch.ts";
import type { Window } from "./verdicts.ts";

const header: LayerHeader = {
  version: 1,
  bins: 2,
  series: [{ kind: "activations", layer: "relu", type: "ReLU", shape: [8, 4] }],
};

/** A run that grows: a record every ten steps of a layer of which a share of units is dead. */
class Growing {
  readonly #table = new LayerTable();
  readonly #open = new OpenEpoch();
  #steps = 0;
  #loss = 1;

  constructor() {
    this.#table.adopt(header);
  }

  record(dead: number): void {
    this.#steps += 10;
    const fields = { mean: 1, std: 1, min: 0, max: 2, zeros: dead, nonFinite: 0, dead };
    const numbers = [...statisticsFields.map((name) => fields[name]), 4, 4];
    this.#table.feed(encodeRecord(header, this.#steps, [numbers]));
  }

  /** @returns Rules and the steps since when they speak. */
  ask({ loss = this.#loss, epoch = 1, firstStep = 1 } = {}): string[] {
    this.#loss = loss;
    const losses = Array.from({ length: this.#steps }, (_, i) => (i === this.#steps - 1 ? loss : 1));
    const window: Window = { epoch, firstStep, lastStep: this.#steps, losses, epochs: [] };
    return this.#open.verdicts(this.#table, window, 0).map(({ rule, step }) => `${rule} ${step}`);
  }
}

/** What is said after each of some records, the first ones being healthy. */
function heard(shares: readonly number[]): string[] {
  const run = new Growing();
  for (let i = 0; i < 12; i++) run.record(0);
  expect(run.ask()).toEqual([]);
  return shares.map((share) => {
    run.record(share);
    return run.ask().join();
  });
}

it("speaks when three records in a row have it, and is silent about one or two", () => {
  // The rule looks at the last three records of eleven and more.
  expect(heard([0.8, 0, 0.8, 0.8, 0, 0.8])).toEqual(["", "", "", "", "", ""]);
  const said = heard([0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]);
  expect(said[0]).toBe("");
  expect(said[2]).toBe("");
  expect(new Set(said.slice(-2))).toEqual(new Set([said.at(-1)]));
  expect(said.at(-1)).toMatch(/^dead-units 1\d0$/);
});

it("does not flicker: it goes when three records in a row are without it", () => {
  const shares = [
    ...new Array<number>(9).fill(0.8),
    0,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const said = heard(shares).map((text) => text !== "");
  const changes = said.filter((speaks, i) => i > 0 && speaks !== said[i - 1]).length;
  expect([said[0], said.at(-1), said.includes(true)]).toEqual([false, false, true]);
  expect(changes).toBe(2);
});

it("says at once what is no number, and of the first steps nothing else", () => {
  const run = new Growing();
  for (let i = 0; i < 4; i++) {
    run.record(1);
    expect(run.ask()).toEqual([]);
  }
  expect(run.ask({ loss: Number.NaN })).toEqual(["non-finite 40"]);
});

it("looks at the last records of the epoch before where an epoch has just begun", () => {
  const run = new Growing();
  for (let i = 0; i < 12; i++) run.record(0.8);
  expect(run.ask()).toEqual(["dead-units 120"]);
  run.record(0.8);
  expect(run.ask({ epoch: 2, firstStep: 121 })).toEqual(["dead-units 130"]);
});
