import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { RunDirectory } from "../node.ts";
import { UsageError } from "./errors.ts";
import { loadRun } from "./load-run.ts";
import { createOutput } from "./output.ts";
import { findRun, runs } from "./runs.ts";
import { completeSettings } from "./settings.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-runs-"));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(root, { recursive: true }));

async function failure(of: Promise<unknown>): Promise<Error> {
  return of.then(
    () => new Error("it did not fail"),
    (error: Error) => error,
  );
}

it("says that a file is no folder of runs, and names the option", async () => {
  const out = join(root, "model.safetensors");
  await writeFile(out, "");
  const listed = await failure(runs({ out }, createOutput(false)));
  expect(listed).toBeInstanceOf(UsageError);
  expect(listed.message).toBe(
    `--out ${out} is a file; name the folder of all runs, which is runs by default`,
  );
  expect((await failure(findRun("latest", out, "--runs"))).message).toMatch(`--runs ${out} is a file;`);
});

it("says that a single run is no folder of runs", async () => {
  const out = join(root, "all");
  const { path } = await RunDirectory.create(out, { name: "one", seed: 0 });
  const listed = await failure(runs({ out: path }, createOutput(false)));
  expect(listed.message).toBe(`--out ${path} is a single run; name the folder of all runs, --out ${out}`);
});

it("says where there are no runs yet", async () => {
  const out = join(root, "none");
  const lines: string[] = [];
  await runs(
    { out },
    createOutput(false, (text) => lines.push(text)),
  );
  expect(lines).toEqual([`No runs in ${out}; train one with: tatami train\n`]);
  await mkdir(out);
  const latest = await failure(findRun("latest", out));
  expect(latest.message).toBe(`there is no run in ${out}; train one with: tatami train`);
  expect((await failure(findRun("x", out))).message).toMatch(`there is no run x, and none in ${out};`);
});

it.each([
  ["interrupted", "go on with: tatami train --resume"],
  ["done", "name another run, or train anew"],
] as const)("says what to do about a run that has no weights and is %s", async (status, remedy) => {
  const out = join(root, status);
  const settings = { ...completeSettings({}) };
  const run = await RunDirectory.create(out, { name: "one", seed: 0, settings });
  await run.finish(status);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const { message } = await failure(loadRun("latest", out));
  expect(message).toContain(`${run.path} has no weights (model.safetensors is missing); ${remedy}`);
});
