import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { plannedSnapshots, SnapshotStore, snapshotStep } from "./snapshots.ts";

it("plans the start, powers of two, even steps and the end, as many as there is room for", () => {
  expect([...plannedSnapshots(100, 12)]).toEqual([0, 1, 2, 4, 8, 15, 30, 45, 60, 75, 90, 100]);
  expect([...plannedSnapshots(3, 64)]).toEqual([0, 1, 2, 3]);
  // At most every hundredth step of a training that takes a while, and some of a short one.
  const hundreds = Array.from({ length: 26 }, (_, i) => (i + 1) * 100);
  expect([...plannedSnapshots(2600, 64)]).toEqual([0, 1, 2, 4, 8, 16, 32, 64, ...hundreds]);
  expect(plannedSnapshots(40, 64).size).toBe(41);
  expect(plannedSnapshots(240, 64).size).toBe(29);
  expect([...plannedSnapshots(1000, 2)]).toEqual([0, 1000]);
  expect([...plannedSnapshots(1000, 5)]).toEqual([0, 250, 500, 750, 1000]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 2, max: 200 }), (steps, room) => {
      const planned = [...plannedSnapshots(steps, room)];
      expect(planned.length).toBeLessThanOrEqual(Math.min(64, room));
      expect(planned).toEqual([...planned].sort((a, b) => a - b));
      expect([planned[0], planned.at(-1)]).toEqual([0, steps]);
    }),
    { numRuns: 200 },
  );
});

it("thins out where more comes than there is room for, and keeps the first and the newest", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-snapshots-"));
  try {
    const store = new SnapshotStore(folder, 50);
    for (let step = 0; step <= 200; step += 10) await store.write(step, new Uint8Array(10));
    const kept = (await readdir(join(folder, "snapshots"))).flatMap((name) => snapshotStep(name) ?? []);
    kept.sort((a, b) => a - b);
    expect(kept).toHaveLength(5);
    expect([kept[0], kept.at(-1)]).toEqual([0, 200]);
    // One that is larger than all the room is left out, and takes nothing away.
    await store.write(300, new Uint8Array(51));
    expect((await readdir(join(folder, "snapshots"))).length).toBe(5);
    await store.cut(100);
    const left = (await readdir(join(folder, "snapshots"))).flatMap((name) => snapshotStep(name) ?? []);
    expect(left.every((step) => step <= 100)).toBe(true);
    expect(left.length).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("counts what an earlier process has stored, and replaces a step's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-snapshots-"));
  const kept = async (): Promise<readonly string[]> => (await readdir(join(folder, "snapshots"))).sort();
  try {
    const before = new SnapshotStore(folder, 30);
    for (const step of [0, 1, 8]) await before.write(step, new Uint8Array(10));
    const store = new SnapshotStore(folder, 30);
    await store.write(8, new Uint8Array(10));
    expect(await kept()).toHaveLength(3);
    await store.write(9, new Uint8Array(10));
    expect(await kept()).toEqual(["step-0.safetensors", "step-8.safetensors", "step-9.safetensors"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("knows its files by name", () => {
  expect(
    ["step-12.safetensors", ".step-12.safetensors.ab.tmp", "step-x.safetensors"].map(snapshotStep),
  ).toEqual([12, null, null]);
});
