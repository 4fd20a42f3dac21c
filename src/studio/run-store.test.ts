/** Run folders as the studio reads them: whole, growing, damaged, cut by a resumption, and very large. */
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Heartbeat } from "../train/recording/heartbeat.ts";
import { stepLines } from "../train/recording/step-log.ts";
import { RunFollower } from "./events.ts";
import { csvOf, jsonOf } from "./exports.ts";
import { generateRun } from "./generated-run.test-helper.ts";
import type { RunReader } from "./run-reader.ts";
import { RunStore } from "./run-store.ts";
import { makeStrip } from "./strips.ts";

let root = "";
let store = new RunStore("");
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-store-"));
  store = new RunStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function opened(id: string): Promise<RunReader> {
  const reader = await store.open(id);
  if (reader === null) throw new Error(`no run ${id}`);
  return reader;
}

const row = (step: number): string =>
  stepLines([{ step, epoch: 3, loss: Number.NaN, lr: 0.01, seconds: step / 100, samples: 32 }]);

it("tells what a run is", async () => {
  const id = await generateRun(root);
  const detail = await (await opened(id)).detail();
  expect(detail).toMatchObject({
    id,
    status: "done",
    tags: [],
    stepCount: 40,
    stepsTotal: 40,
    stepsPerEpoch: 20,
    recorded: { first: 1, last: 31, count: 4 },
    snapshots: [0, 40],
    classes: ["a", "b"],
  });
  expect(detail.layers).toEqual(
    ["features.0", "features.1"].map((layer) => ({
      layer,
      type: "Conv2d",
      shape: [32, 8, 4, 4],
      kinds: ["activations", "gradients", "updates"],
    })),
  );
  expect(detail.epochs.map((e) => e.epoch)).toEqual([1, 2]);
});

it("reads on where a file has grown, and leaves out a line or a record that is not whole yet", async () => {
  const id = await generateRun(root);
  await opened(id);
  const [steps, layers] = ["steps.ndjson", "layers.bin"].map((name) => join(root, id, name)) as [
    string,
    string,
  ];
  const record = (await readFile(layers)).subarray(-((2 + 4 * 47 + 2 * 2) * 4));
  await appendFile(steps, row(41) + row(42).slice(0, 20));
  await appendFile(layers, record.subarray(0, 101));
  let reader = await opened(id);
  expect([reader.steps.length, reader.layers.records.length]).toEqual([41, 4]);
  await appendFile(steps, row(42).slice(20));
  await appendFile(layers, record.subarray(101));
  reader = await opened(id);
  expect([reader.steps.length, reader.layers.records.length]).toEqual([42, 5]);
  expect(reader.steps.rows(40)).toMatchObject({ step: [41, 42], loss: ["NaN", "NaN"] });
});

it("begins anew where a resumed training has replaced a file", async () => {
  const id = await generateRun(root);
  const follower = new RunFollower(store, id, 40);
  expect((await follower.next())?.some(({ type }) => type === "steps")).toBe(false);
  expect(await follower.next()).toEqual([]);
  const path = join(root, id, "steps.ndjson");
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, 20);
  await writeFile(`${path}.new`, `${lines.join("\n")}\n${row(21)}`);
  await rename(`${path}.new`, path);
  const events = (await follower.next()) ?? [];
  expect(events[0]).toMatchObject({ type: "steps", from: 21, columns: { step: [] } });
  await appendFile(path, row(22));
  expect((await follower.next())?.[0]).toMatchObject({ type: "steps", from: 21, columns: { step: [22] } });
});

it("tells of what is new, and ends when the run is gone", async () => {
  const id = await generateRun(root);
  const follower = new RunFollower(store, id, 38);
  expect((await follower.next())?.[0]).toMatchObject({
    type: "steps",
    from: 38,
    columns: { step: [39, 40] },
  });
  await appendFile(join(root, id, "metrics.ndjson"), '{"epoch":3,"loss":"NaN"}\n');
  await writeFile(join(root, id, "snapshots", "step-41.safetensors"), "x");
  await store.change(id, { tags: ["good"] });
  const events = (await follower.next()) ?? [];
  expect(events).toContainEqual({ type: "epoch", metrics: { epoch: 3, loss: "NaN" } });
  expect(events).toContainEqual({ type: "snapshot", step: 41 });
  expect(events.find((e) => e.type === "status")).toMatchObject({ run: { tags: ["good"] } });
  await rm(join(root, id), { recursive: true });
  expect(await follower.next()).toBeNull();
});

it("tells at its first look what may have changed since the page asked for the run", async () => {
  const id = await generateRun(root);
  const { head } = await opened(id);
  const events = (await new RunFollower(store, id, 40).next()) ?? [];
  expect(events.find((e) => e.type === "status")).toMatchObject({ run: { status: head.summary.status } });
  expect(events).toContainEqual({
    type: "epoch",
    metrics: expect.objectContaining(head.epochs.at(-1) ?? {}),
  });
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(["recorded", "epoch", "verdicts", "snapshot", "status"]),
  );
});

it("merges records into columns and loses neither counts nor a single NaN", async () => {
  const id = await generateRun(root, { steps: 1000, brokenFrom: 991 });
  const { layers } = await opened(id);
  const ask = (layer: string, columns: number): NonNullable<ReturnType<typeof makeStrip>> => {
    const strip = makeStrip(layers, { layer, kind: "activations", columns });
    if (strip === null) throw new Error("no strip");
    return strip;
  };
  const sound = ask("features.0", 7);
  expect(sound.first.length).toBe(7);
  expect([sound.first[0], sound.last.at(-1)]).toEqual([1, 991]);
  for (let c = 1; c < 7; c++) expect(sound.first[c]).toBe((sound.last[c - 1] as number) + 10);
  // 100 records of mean 0.1 + r; the first column has the first 14 of them.
  expect(sound.mean[0]).toBeCloseTo(0.1 + 6.5, 4);
  expect([sound.min[0], sound.max[0], sound.zeros[0], sound.dead[0]]).toEqual([-2, 3, 0.25, 0.125]);
  expect([sound.low, sound.high, sound.bins]).toEqual([-2, 3, 40]);
  expect(Buffer.from(sound.histogram, "base64").length).toBe(7 * 40);
  expect(Math.max(...Buffer.from(sound.histogram, "base64"))).toBe(255);

  const broken = ask("features.1", 3);
  expect([broken.mean[2], broken.std[2], broken.max[2]]).toEqual(["NaN", "NaN", "Infinity"]);
  expect(broken.nonFinite[2]).toBeGreaterThan(0);
  expect(broken.mean[0]).not.toBe("NaN");
  expect(makeStrip(layers, { layer: "features.0", kind: "updates", columns: 2 })?.ratio).toEqual([
    0.001, 0.001,
  ]);
  expect(makeStrip(layers, { layer: "nowhere", kind: "updates", columns: 2 })).toBeNull();
  expect(
    makeStrip(layers, { layer: "features.0", kind: "gradients", from: 5000, columns: 9 })?.first,
  ).toEqual([]);
});

it("gives verdicts in both languages, with the step at which they were found first", async () => {
  const id = await generateRun(root, { steps: 60, brokenFrom: 21 });
  const verdicts = (await opened(id)).verdicts();
  const found = verdicts.find(({ rule }) => rule === "non-finite");
  expect(found).toMatchObject({
    layer: "features.1",
    severity: "error",
    value: 0.25,
    epoch: 2,
    step: 40,
    current: true,
  });
  expect(found?.text.en.message).toMatch(
    /25% of the values of features\.1 are NaN or infinite, first at step (2|4)1/,
  );
  expect(found?.text.ja.message).toContain("features.1");
  expect(found?.topic).toBe("gradients");
});

it("judges a run of thousands of epochs in a moment, its last one too", { timeout: 120_000 }, async () => {
  // Asked at the end of each of them, rules that look at all steps before take minutes.
  const steps = 99_990;
  const id = await generateRun(root, {
    steps,
    stepsPerEpoch: 30,
    every: 1000,
    layers: 1,
    brokenFrom: steps - 1000,
  });
  const reader = await opened(id);
  const before = process.cpuUsage();
  const verdicts = reader.verdicts();
  const { user, system } = process.cpuUsage(before);
  expect(reader.head.epochs).toHaveLength(3333);
  expect(verdicts.find(({ rule }) => rule === "non-finite")).toMatchObject({ current: true });
  expect((user + system) / 1000).toBeLessThan(6000);
});

it("gives a small curve of the losses, however many epochs there were", async () => {
  const short = await generateRun(root, { id: "20260131-094500-s", steps: 60 });
  const long = await generateRun(root, { id: "20260131-094500-l", steps: 2000 });
  const { runs } = await store.list();
  const curve = (id: string): unknown => runs.find((run) => run.id === id)?.curve;
  expect(curve(short)).toEqual([1, 1 / 2, 1 / 3]);
  const points = curve(long) as number[];
  expect([points.length, points[0], points.at(-1)]).toEqual([32, 1, 1 / 100]);
});

it("lists runs, newest first, and says which are damaged", async () => {
  await generateRun(root, { id: "20260131-094500-a" });
  await generateRun(root, { id: "20260131-094500-b", status: "running" });
  await mkdir(join(root, "broken"));
  await writeFile(join(root, "broken", "run.json"), "{");
  await mkdir(join(root, "no-run"));
  const { runs, damaged } = await store.list();
  expect(runs.map(({ id, status }) => [id, status])).toEqual([
    ["20260131-094500-b", "interrupted"],
    ["20260131-094500-a", "done"],
  ]);
  expect(damaged).toEqual([{ id: "broken", reason: expect.stringContaining("not valid JSON") }]);
  const missing = join(root, "missing");
  expect(await new RunStore(missing).list()).toEqual({ folder: missing, runs: [], damaged: [] });
});

it("reads nothing of a run again that has not changed, however often it lists", async () => {
  const [a, b] = ["20260131-094500-a", "20260131-094500-b"];
  for (const id of [a, b]) await generateRun(root, { id });
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));
  const summaries = async () => new Map((await store.list()).runs.map((run) => [run.id, run]));
  await settled();
  const before = await summaries();
  await appendFile(join(root, b, "metrics.ndjson"), '{"epoch":3,"loss":0.125}\n');
  await settled();
  const after = await summaries();
  expect(after.get(a)).toBe(before.get(a));
  expect(after.get(b)?.last).toEqual({ epoch: 3, loss: 0.125 });
  expect((await opened(a)).head.summary).toBe(before.get(a));
});

it("tells that a run was broken off, and that it goes on", async () => {
  const id = await generateRun(root, { status: "running" });
  const status = async () => (await store.list()).runs[0]?.status;
  expect([await status(), await status()]).toEqual(["interrupted", "interrupted"]);
  const beat = await Heartbeat.start(join(root, id));
  expect([await status(), (await opened(id)).head.summary.status]).toEqual(["running", "running"]);
  await beat.stop();
  expect(await status()).toBe("interrupted");
  // Of a process that is not there.
  const gone = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() });
  await writeFile(join(root, id, "heartbeat.json"), gone);
  expect(await status()).toBe("interrupted");
});

it("keeps names and tags beside what the training writes", async () => {
  const id = await generateRun(root);
  expect(await store.change(id, { name: " best ", tags: ["a", "a", "b"] })).toMatchObject({
    name: "best",
    tags: ["a", "b"],
  });
  expect(await store.change(id, { tags: [] })).toMatchObject({ name: "best", tags: [] });
  expect(JSON.parse(await readFile(join(root, id, "run.json"), "utf8")).name).toBe("test");
  expect(await store.change("nothing", { name: "x" })).toBeNull();
});

it("removes a run, but none that is going on or lies elsewhere", async () => {
  const id = await generateRun(root);
  const elsewhere = await mkdtemp(join(tmpdir(), "tatami-elsewhere-"));
  const foreign = await generateRun(elsewhere, { id: "foreign" });
  await symlink(join(elsewhere, foreign), join(root, "foreign"));
  await symlink(join(root, id), join(root, "alias"));
  expect(await store.remove("foreign")).toBe("no-such-run");
  expect(await store.remove("alias")).toBe("no-such-run");
  for (const name of ["..", "../x", "a/b", "", ".", ".hidden", `${id}/../${id}`, "a\0b", "C:", "x."]) {
    expect(await store.open(name)).toBeNull();
  }
  // Links inside a run's folder lead nowhere either.
  await rm(join(root, id, "errors.json"), { force: true });
  await symlink(join(elsewhere, foreign, "run.json"), join(root, id, "errors.json"));
  expect(await (await opened(id)).errors()).toBeNull();
  expect(await store.remove(id)).toBe("removed");
  expect((await store.list()).runs).toEqual([]);
  expect(await readFile(join(elsewhere, foreign, "run.json"), "utf8")).toContain("foreign");
  await rm(elsewhere, { recursive: true });
});

it("exports every point", async () => {
  const id = await generateRun(root, { steps: 5000, stepsPerEpoch: 1000, every: 100 });
  const reader = await opened(id);
  const text = async (pieces: AsyncIterable<string>): Promise<string> => {
    let all = "";
    for await (const piece of pieces) all += piece;
    return all;
  };
  const csv = (await text(csvOf(reader, "steps"))).trim().split("\n");
  expect([csv.length, csv[0]]).toEqual([5001, "step,epoch,loss,lr,seconds,samples"]);
  expect(csv.at(-1)).toMatch(/^5000,5,0\.0004/);
  const layers = (await text(csvOf(reader, "layers"))).trim().split("\n");
  expect(layers.length).toBe(1 + 50 * 6);
  expect(new Set(layers.map((line) => line.split(",").length))).toEqual(new Set([4 + 2 + 7 + 40]));
  const json = JSON.parse(await text(jsonOf(reader)));
  expect(json.steps.rows).toHaveLength(5000);
  expect(json.layers.records).toHaveLength(50);
  expect(json.layers.records[0].series[0]).toHaveLength(1 + 7 + 40);
});

it("opens a run of 20,000 steps and 30 layers at once", { timeout: 60_000 }, async () => {
  const id = await generateRun(root, { steps: 20_000, layers: 30, stepsPerEpoch: 1000 });
  const [start, before] = [performance.now(), process.cpuUsage()];
  const reader = await opened(id);
  const detail = await reader.detail();
  const steps = JSON.stringify(reader.steps.rows(0));
  const strips = detail.layers.map(({ layer }) =>
    JSON.stringify(makeStrip(reader.layers, { layer, kind: "activations", columns: 800 })),
  );
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const busy = (user + system) / 1000;
  expect([detail.stepCount, detail.recorded?.count, detail.layers.length]).toEqual([20_000, 2000, 30]);
  expect(steps.length).toBeGreaterThan(100_000);
  expect(strips).toHaveLength(30);
  process.stdout.write(
    `20,000 steps of 30 layers: ${took.toFixed(0)} ms (${busy.toFixed(0)} of the processor), ${(reader.bytes / 1e6).toFixed(0)} MB\n`,
  );
  // Processor time, all threads together: what other programs do at the same time is not in it.
  expect(busy).toBeLessThan(1500);
});
