/**
 * Trainings that are stopped in the middle of an epoch, by Ctrl-C, by a request to end or without a warning, and gone on
 * with: the run's folder is in the end that of a training that was never stopped. On the built package.
 */
import type { ChildProcess } from "node:child_process";
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPackage, type CommandResult, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const epochs = 3;
const perEpoch = 647;
/** Long enough to be stopped in the middle, however fast the machine. */
const words = [
  "train",
  "digits",
  "--json",
  "--epochs",
  String(epochs),
  "--batch-size",
  "2",
  "--model",
  "cnn",
];

/** What a run's folder says of the training, times left out. */
async function contentsOf(run: string): Promise<Record<string, unknown>> {
  const lines = async (name: string): Promise<unknown[]> =>
    (await readFile(join(run, name), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));
  const [steps, metrics] = [await lines("steps.ndjson"), await lines("metrics.ndjson")];
  const bits = async (name: string): Promise<string> => (await readFile(join(run, name))).toString("base64");
  return {
    steps,
    metrics,
    layers: await bits("layers.bin"),
    header: await bits("layers.json"),
    errors: await bits("errors.json"),
    weights: await bits("model.safetensors"),
  };
}

/** Epochs as they are told, times left out. */
const epochsOf = (result: CommandResult): object[] =>
  result.events
    .filter(({ event }) => event === "epoch")
    .map(({ seconds: _seconds, imagesPerSecond: _rate, ...rest }) => rest);

/** Does something to a training once so many of its steps are on the disk. */
async function stopped(
  folder: string,
  more: readonly string[],
  steps: number,
  act: (child: ChildProcess) => void,
): Promise<CommandResult & { readonly run: string }> {
  let run = "";
  const acting = async (child: ChildProcess): Promise<void> => {
    for (;;) {
      const text = await readFile(join(folder, run, "steps.ndjson"), "utf8").catch(() => "");
      if (text.split("\n").length > steps) return act(child);
      await setTimeout(5);
    }
  };
  const result = await tatami(folder, [...words, ...more], (line, child) => {
    if (!line.includes('"event":"start"')) return;
    run = String((JSON.parse(line) as { run: string }).run);
    void acting(child);
  });
  return { ...result, run };
}

describe("tatami train --resume", { timeout: 120_000 }, () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("goes on within an epoch after %s", async (signal, code) => {
    await using folder = await temporaryFolder();
    const whole = await tatami(folder.path, words);
    const first = await stopped(folder.path, [], perEpoch + 20, (child) => child.kill(signal));
    expect(first.code).toBe(code);
    const { epoch, step } = first.events.at(-1) as unknown as { epoch: number; step: number };
    expect(first.events.at(-1)?.event).toBe("interrupted");
    expect(epoch).toBeGreaterThanOrEqual(1);
    expect(epoch).toBeLessThan(epochs);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(perEpoch);
    expect(first.stderr).toBe(
      `Interrupted after ${epoch} epoch${epoch === 1 ? "" : "s"} and ${step} of ${perEpoch} steps. Everything is saved in ${first.run}\n` +
        `Go on with: tatami train --resume ${first.run}\n`,
    );
    const rest = await tatami(folder.path, ["train", "--resume", first.run, "--json"]);
    expect([rest.code, rest.stderr]).toEqual([0, ""]);
    expect(rest.events[0]).toMatchObject({ event: "start", startEpoch: epoch, startStep: step });
    expect([...epochsOf(first), ...epochsOf(rest)]).toEqual(epochsOf(whole));
    const [wholeRun, run] = [whole.events.at(-1)?.run, first.run].map((name) =>
      join(folder.path, String(name)),
    );
    expect(await contentsOf(run as string)).toEqual(await contentsOf(wholeRun as string));
    expect((await readdir(join(run as string, "checkpoints"))).length).toBe(2);
  });

  it("goes on from the last checkpoint after kill -9, and from the one before where that is damaged", async () => {
    await using folder = await temporaryFolder();
    const whole = await tatami(folder.path, words);
    const first = await stopped(folder.path, ["--checkpoint-every", "25"], perEpoch + 80, (child) =>
      child.kill("SIGKILL"),
    );
    expect(first.code).toBeNull();
    const run = join(folder.path, first.run);
    const saved = (await readdir(join(run, "checkpoints"))).filter((name) => !name.startsWith("."));
    expect(saved.length).toBeGreaterThanOrEqual(2);
    const newest = saved.sort().at(-1) as string;
    await truncate(join(run, "checkpoints", newest, "state.safetensors"), 100);

    const rest = await tatami(folder.path, ["train", "--resume", first.run, "--json"]);
    expect(rest.code).toBe(0);
    expect(rest.stderr).toMatch(/^note: \S+state.safetensors has 100 bytes where \d+ were written/);
    expect(rest.stderr).toMatch(/Going on from the one before, \S+ \(\d+ epochs?( and \d+ steps?)?\)\n$/);
    const { startEpoch, startStep } = rest.events[0] as unknown as { startEpoch: number; startStep: number };
    expect(startEpoch).toBeGreaterThanOrEqual(1);
    // One of those within an epoch, or that at its beginning.
    expect(startStep === 0 ? 0 : (startEpoch * perEpoch + startStep) % 25).toBe(0);
    const wholeRun = join(folder.path, String(whole.events.at(-1)?.run));
    expect(await contentsOf(run)).toEqual(await contentsOf(wholeRun));
    // It goes on saving as often, and keeps two that are whole.
    const after = (await readdir(join(run, "checkpoints"))).sort();
    const [last, total] = [Math.floor((epochs * perEpoch - 1) / 25) * 25, epochs * perEpoch];
    expect(after.map((name) => name.replace(/^\d+-/, ""))).toEqual([`step-${last}`, `step-${total}`]);
    expect(after).not.toContain(newest);
  });

  it("refuses a run that is being trained", async () => {
    await using folder = await temporaryFolder();
    const first = await stopped(folder.path, ["--epochs", "50"], 1, (child) => {
      void (async () => {
        const run = (await readdir(join(folder.path, "runs")))[0] as string;
        const second = await tatami(folder.path, ["train", "--resume", run]);
        expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("by another process")]);
      })().finally(() => child.kill("SIGINT"));
    });
    expect(first.code).toBe(130);
  });
});
