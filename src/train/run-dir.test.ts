import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileFormatError } from "../base/errors.ts";
import { listRuns, RunDirectory, readRun } from "./run-dir.ts";

let root = "";
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "tatami-runs-")), "runs");
});
afterEach(() => rm(join(root, ".."), { recursive: true }));

const now = new Date("2026-01-31T09:45:00.123Z");
const options = {
  name: "LeNet 5 / try #2",
  seed: 7,
  settings: { lr: 1e-3, norm: null },
  versions: { node: "20" },
  now,
};

it("writes a run that reads back", async () => {
  const run = await RunDirectory.create(root, options);
  expect(run.path).toBe(join(root, "20260131-094500-lenet-5-try-2"));
  await run.log({ epoch: 1, loss: 2.5 });
  await run.log({ epoch: 2, loss: Number.NaN, min: -Infinity, max: Infinity });
  await run.flush();
  expect((await readRun(run.path)).info.status).toBe("running");
  await run.saveModel(new Uint8Array([1, 2]));
  await run.finish("done", { now: new Date("2026-01-31T09:46:00Z") });

  expect(await readRun(run.path)).toEqual({
    info: {
      id: "20260131-094500-lenet-5-try-2",
      name: "LeNet 5 / try #2",
      status: "done",
      startedAt: "2026-01-31T09:45:00.123Z",
      endedAt: "2026-01-31T09:46:00.000Z",
      seed: 7,
      settings: { lr: 1e-3, norm: null },
      versions: { node: "20" },
    },
    metrics: [
      { epoch: 1, loss: 2.5 },
      { epoch: 2, loss: Number.NaN, min: -Infinity, max: Infinity },
    ],
    truncated: false,
  });
  expect([...(await readFile(run.modelPath))]).toEqual([1, 2]);
  expect((await readdir(run.path)).sort()).toEqual(["metrics.ndjson", "model.safetensors", "run.json"]);
});

it("gives every run a folder of its own", async () => {
  const runs = await Promise.all(
    Array.from({ length: 5 }, () => RunDirectory.create(root, { ...options, name: "日本" })),
  );
  expect(new Set(runs.map((run) => run.info.id)).size).toBe(5);
  expect((await readdir(root)).sort()[0]).toBe("20260131-094500-run");
  await Promise.all(runs.map((run) => run.finish("interrupted")));
});

it("keeps the reason of a failure", async () => {
  const run = await RunDirectory.create(root, options);
  await run.finish("failed", { error: new Error("loss is NaN") });
  expect((await readRun(run.path)).info).toMatchObject({ status: "failed", error: "loss is NaN" });
});

it("goes on after a crash in the middle of a line", async () => {
  const run = await RunDirectory.create(root, options);
  await run.log({ epoch: 1 });
  await run.finish("failed", { error: "killed" });
  await appendFile(join(run.path, "metrics.ndjson"), '{"epoch":2,"lo');
  expect(await readRun(run.path)).toMatchObject({ metrics: [{ epoch: 1 }], truncated: true });

  const again = await RunDirectory.resume(run.path);
  expect(again.info.error).toBeUndefined();
  await again.log({ epoch: 2 });
  await again.finish("done");
  const { info, metrics, truncated } = await readRun(run.path);
  expect([info.status, info.error, metrics, truncated]).toEqual([
    "done",
    undefined,
    [{ epoch: 1 }, { epoch: 2 }],
    false,
  ]);
});

it("takes out what was told of epochs after the one where it goes on", async () => {
  const run = await RunDirectory.create(root, options);
  for (const epoch of [1, 2, 3]) await run.log({ epoch });
  await run.finish("interrupted");
  const again = await RunDirectory.resume(run.path, { epoch: 1 });
  await again.log({ epoch: 2, loss: 0.5 });
  await again.finish("done");
  expect((await readRun(run.path)).metrics).toEqual([{ epoch: 1 }, { epoch: 2, loss: 0.5 }]);
});

it("says what is wrong with a folder", async () => {
  const run = await RunDirectory.create(root, options);
  await run.log({ epoch: 1 });
  await run.finish("done");
  const file = join(run.path, "run.json");
  const good = await readFile(file, "utf8");
  const expectRefusal = async (message: string): Promise<void> => {
    await expect(readRun(run.path)).rejects.toThrow(FileFormatError);
    await expect(readRun(run.path)).rejects.toThrow(message);
  };
  await expect(readRun(root)).rejects.toThrow(
    `${root}: found no run.json, so this is not the folder of a run`,
  );
  await writeFile(file, good.slice(0, 20));
  await expectRefusal(`${file}: not valid JSON`);
  await writeFile(file, "[]");
  await expectRefusal(`${file}: the whole is []`);
  await writeFile(file, good.replace('"done"', '"finished"'));
  await expectRefusal(`${file}: status is "finished"`);
  await writeFile(file, good.replace('"seed": 7', '"seed": "7"'));
  await expectRefusal(`${file}: seed is "7"`);

  await writeFile(file, good);
  const metrics = join(run.path, "metrics.ndjson");
  await appendFile(metrics, "{]\n");
  await expectRefusal(`${metrics}:2: not valid JSON`);
  await writeFile(metrics, '{"loss":"high"}\n');
  await expectRefusal(`${metrics}:1: loss is "high", expected a number`);
});

it("lists the good runs beside a damaged one, and tells of it", async () => {
  const good = await RunDirectory.create(root, options);
  await good.finish("done");
  const bad = await RunDirectory.create(root, options);
  await bad.finish("done");
  await writeFile(join(bad.path, "run.json"), "{");
  const told: string[] = [];
  const found = await listRuns(root, (error) => void told.push(error.message));
  expect(found.map(({ path }) => path)).toEqual([good.path]);
  expect(told).toEqual([expect.stringContaining(`${join(bad.path, "run.json")}: not valid JSON`)]);
});
