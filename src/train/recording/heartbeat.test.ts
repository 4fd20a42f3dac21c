import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { currentStatus, RunDirectory } from "../run-dir.ts";
import { Heartbeat, heartbeatFile, isBeating } from "./heartbeat.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-heartbeat-"));
});
afterEach(() => rm(folder, { recursive: true }));

const claim = (pid: number, host = hostname()): Promise<void> =>
  writeFile(join(folder, heartbeatFile), JSON.stringify({ pid, host }));
const age = (seconds: number): Promise<void> => {
  const time = new Date(Date.now() - seconds * 1000);
  return utimes(join(folder, heartbeatFile), time, time);
};
/** Of a process that has ended just now. */
const deadPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

it("beats until it is stopped, and leaves nothing behind", async () => {
  const heartbeat = await Heartbeat.start(folder);
  expect(isBeating(folder)).toBe(true);
  await heartbeat.stop();
  expect(await readdir(folder)).toEqual([]);
  expect(isBeating(folder)).toBe(false);
});

it("tells a process that is gone at once, and another machine's by its silence", async () => {
  await claim(deadPid());
  expect(isBeating(folder)).toBe(false);
  await claim(process.pid);
  await age(3600);
  expect(isBeating(folder)).toBe(false);
  await claim(deadPid(), "elsewhere");
  expect(isBeating(folder)).toBe(true);
  await age(60);
  expect(isBeating(folder)).toBe(false);
  await writeFile(join(folder, heartbeatFile), "{");
  expect(isBeating(folder)).toBe(false);
});

it("shows a run whose process has died without a word as interrupted", async () => {
  const run = await RunDirectory.create(folder, { name: "a", seed: 0 });
  expect(await currentStatus(run.path, run.info)).toBe("running");
  await writeFile(join(run.path, heartbeatFile), JSON.stringify({ pid: deadPid(), host: hostname() }));
  expect(await currentStatus(run.path, run.info)).toBe("interrupted");
  await run.finish("failed");
  expect(await currentStatus(run.path, { ...run.info, status: "running" })).toBe("failed");
});
