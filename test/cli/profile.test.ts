/**
 * `tatami profile`: what it tells people and programs, the file of the timeline, and what it refuses.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { findCompiler } from "../setup/neighbours.ts";
import { buildPackage, type CommandEvent, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const timeout = 60_000;
const short = ["profile", "--model", "mlp", "--steps", "2"];
const onWasm = [...short, "--device", "wasm", "--threads", "2"];

/** One event of a trace, as a reader of the format takes it. */
interface Span {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
}

async function readTrace(path: string): Promise<Span[]> {
  const { traceEvents } = JSON.parse(await readFile(path, "utf8")) as { traceEvents: Span[] };
  for (const event of traceEvents) {
    expect(["X", "M"]).toContain(event.ph);
    expect([typeof event.name, typeof event.pid, typeof event.tid]).toEqual(["string", "number", "number"]);
  }
  return traceEvents.filter((event) => event.ph === "X");
}

const sum = (events: readonly CommandEvent[], field: string): number =>
  events.reduce((total, event) => total + Number(event[field]), 0);

describe("tatami profile", { timeout }, () => {
  it("tells programs each kernel, the step as a whole and the machine, and writes nothing", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr, events } = await tatami(folder.path, [...onWasm, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const kernels = events.filter((e) => e.event === "kernel");
    expect(events.map((e) => e.event)).toEqual([...kernels.map(() => "kernel"), "profile"]);
    const whole = events.at(-1);
    expect(whole).toMatchObject({
      dataset: "digits",
      model: "mlp",
      batchSize: 32,
      optimizer: "adam",
      engine: "wasm",
      threads: 2,
      steps: 2,
      peak: { gflops: expect.any(Number), gigabytes: expect.any(Number) },
    });
    const measured = [
      "stepMs",
      "graphMs",
      "lookupMs",
      "kernelMs",
      "runMs",
      "firstStepMs",
      "compileMs",
      "programs",
    ];
    for (const field of measured) expect(whole?.[field], field).toBeGreaterThan(0);
    expect(sum(kernels, "share")).toBeCloseTo(1, 6);
    expect(sum(kernels, "ms")).toBeCloseTo(Number(whole?.kernelMs), 6);
    // A linear layer of 64 to 256 features on 32 images.
    expect(kernels.map((k) => k.name)).toContainEqual(expect.stringMatching(/^contraction.* 32x256 over 64/));
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("shows people a table of so many rows, with totals and a timeline", async () => {
    await using folder = await temporaryFolder();
    const words = [...onWasm, "--top", "3", "--trace", "trace.json"];
    const { code, stdout, stderr } = await tatami(folder.path, words);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(
      "A step of mlp on Digits, batches of 32, adam: median of 2; wasm engine, 2 threads",
    );
    expect(lines[2]).toMatch(/^kernel +calls +ms +share +GFLOP\/s +of peak +GB\/s +of peak +roof$/);
    const [first, last] = lines.flatMap((line, i) => (/^-+$/.test(line) ? [i] : [])) as [number, number];
    expect(last - first - 1).toBe(4);
    for (const line of lines.slice(first + 1, first + 4)) expect(line).toMatch(/\d%.*(arithmetic|memory)$/);
    expect(lines[last - 1]).toMatch(/^\d+ others /);
    expect(lines[last + 1]).toMatch(/^all .* 100\.0%$/);
    for (const what of ["step", "graph", "kernels", "runs", "first step", "arena", "machine"])
      expect(stdout).toMatch(new RegExp(`^${what} +\\d+\\.\\d+ \\S`, "m"));
    expect(stdout).toContain("Timeline in trace.json; open it at https://ui.perfetto.dev");

    expect(await readdir(folder.path)).toEqual(["trace.json"]);
    const spans = await readTrace(join(folder.path, "trace.json"));
    const [runs, kernels] = [1, 2].map((tid) => spans.filter((s) => s.tid === tid)) as [Span[], Span[]];
    expect(runs).toHaveLength(2);
    // Clocks of threads are not exact to the microsecond.
    const slack = 50;
    for (const track of [runs, kernels]) {
      track.forEach(({ ts, dur }, i) => {
        expect(dur).toBeGreaterThanOrEqual(0);
        expect(ts + dur).toBeLessThanOrEqual((track[i + 1]?.ts ?? Number.POSITIVE_INFINITY) + slack);
      });
    }
    for (const { ts, dur } of kernels)
      expect(runs.some((run) => ts >= run.ts && ts + dur <= run.ts + run.dur + slack)).toBe(true);
  });

  it("measures native code from the start, or says what is missing", async (context) => {
    await using folder = await temporaryFolder();
    vi.stubEnv("CC", "false");
    const without = await tatami(folder.path, short);
    vi.unstubAllEnvs();
    expect(without.stderr).toBe("");
    expect(without.stdout).toMatch(/^native: no C compiler found.*\n\nA step of mlp .* wasm engine/);
    const { missing } = findCompiler();
    context.skip(missing !== undefined, missing);
    const { events, stderr } = await tatami(folder.path, [...short, "--json"]);
    expect(events.at(-1)).toMatchObject({ engine: "native" });
    expect(stderr).toBe("");
    // The compiler keeps people waiting; programs do not mind.
    const told = await tatami(folder.path, short);
    expect(told.stderr).toBe(
      "Compiling a step of mlp to native code, which takes some seconds where it is not cached\n",
    );
    expect(told.stdout).toMatch(/^A step of mlp .* native engine/);
  });

  it("replaces a trace as a whole", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "trace.json");
    await writeFile(path, "old");
    await tatami(folder.path, [...onWasm, "--trace", path]);
    expect((await readTrace(path)).length).toBeGreaterThan(10);
    expect(await readdir(folder.path)).toEqual(["trace.json"]);
  });
});

describe("what it refuses", { timeout }, () => {
  it.each([
    [["--steps", "0"], '"0" is not an integer from 1 to 1000'],
    [["--top", "x"], '"x" is not an integer of 1 or more'],
    [["--epochs", "3"], "--epochs"],
    [["--out", "runs"], "--out"],
    [["--trace", "missing/trace.json"], "--trace missing/trace.json: there is no folder missing; make it"],
    [["--trace", "folder"], "--trace folder is a folder; give the name of a file, such as trace.json"],
  ])("%j gives 2, before anything is measured", async (words, message) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "folder"));
    const { code, stderr, stdout } = await tatami(folder.path, ["profile", ...words]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(await readdir(folder.path)).toEqual(["folder"]);
  });

  it.runIf(process.platform === "linux")(
    "a file that the system refuses gives 1, with its reason",
    async () => {
      await using folder = await temporaryFolder();
      const { code, stdout, stderr } = await tatami(folder.path, [...onWasm, "--trace", "/proc/trace.json"]);
      expect([code, stdout]).toEqual([1, expect.stringContaining("A step of mlp")]);
      expect(stderr).toMatch(
        /^error: \/proc\/trace.json cannot be written \(ENOENT: .*\); name a place where you may write/,
      );
      expect(stderr).not.toContain("    at ");
    },
  );
});
