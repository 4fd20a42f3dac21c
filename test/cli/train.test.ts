/**
 * The whole way of a user: train, look at the run, measure, predict, stop and go on. On the built package.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { Digits } from "../../src/data/digits.ts";
import { buildPackage, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const seconds = 60_000;
const short = ["train", "digits", "--no-studio", "--epochs", "2"];

describe("tatami train", { timeout: seconds }, () => {
  it("tells programs what happens, and keeps a run that can be measured and used", async () => {
    await using folder = await temporaryFolder();
    const { code, events, stderr } = await tatami(folder.path, [...short, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(events.map((e) => e.event)).toEqual(["start", "epoch", "epoch", "done"]);
    const done = events.at(-1);
    expect(done).toMatchObject({ engine: "wasm", threads: expect.any(Number), seconds: expect.any(Number) });
    expect(done?.testAccuracy).toBeGreaterThan(0.9);
    expect(done?.testLoss).toBeLessThan(0.5);
    const run = join(folder.path, String(done?.run));
    expect((await readdir(run)).sort()).toEqual([
      "checkpoints",
      "metrics.ndjson",
      "model.safetensors",
      "run.json",
    ]);
    expect(JSON.parse(await readFile(join(run, "run.json"), "utf8"))).toMatchObject({
      status: "done",
      seed: 0,
      settings: {
        dataset: "digits",
        model: "cnn",
        epochs: 2,
        optimizer: "adam",
        norm: "batch",
        init: "default",
      },
      result: { testAccuracy: done?.testAccuracy },
    });

    const measured = await tatami(folder.path, ["eval", "latest", "--json"]);
    expect(measured.events[0]).toMatchObject({ testAccuracy: done?.testAccuracy, testLoss: done?.testLoss });

    const listed = await tatami(folder.path, ["runs"]);
    expect(listed.stdout).toContain(`${done?.run}  done`);

    const [image, label] = new Digits({ split: "test" }).get(0);
    const pixels = Buffer.from(Array.from(image.data, (v) => Math.round(v * 255)));
    const grey = sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } });
    await grey.resize(32, 32, { kernel: "nearest" }).png().toFile(join(folder.path, "digit.png"));
    const predicted = await tatami(folder.path, ["predict", "digit.png", "--json"]);
    expect(predicted.stderr).toBe("");
    const [prediction] = predicted.events;
    expect(prediction?.class).toBe(String(label));
    const probabilities = prediction?.probabilities as readonly { readonly probability: number }[];
    expect(probabilities.reduce((sum, p) => sum + p.probability, 0)).toBeCloseTo(1, 4);
  });

  it("tells people what happens, one line per epoch", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await tatami(folder.path, [...short, "--model", "mlp", "--out", "mine"]);
    expect(code).toBe(0);
    const line =
      /^epoch \d\/2 {2}loss [\d.]+ {2}accuracy [\d.]+ {2}validation accuracy [\d.]+ {2}[\d,]+ images\/s {2}[\d:]+$/;
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    for (const text of lines) expect(text).toMatch(line);
    expect(stdout).toMatch(/^Training mlp .* on Digits: 1,294 images, 2 epochs; wasm engine, \d+ threads?\n/);
    expect(stdout).toMatch(/Test accuracy \d+\.\d% on 360 held-out images/);
    expect(stdout).toMatch(/Saved in mine\/\d{8}-\d{6}-digits-mlp\n/);
    expect(stdout.slice(stdout.indexOf("Try next:")).match(/tatami train /g)).toHaveLength(2);
  });

  it("repeats a run bit for bit, and another seed gives another one", async () => {
    await using folder = await temporaryFolder();
    const weights: Buffer[] = [];
    for (const [seed, threads] of [
      ["1", "1"],
      ["1", "2"],
      ["2", "2"],
    ] as const) {
      const words = [...short, "--json", "--model", "mlp", "--seed", seed, "--threads", threads];
      const { events } = await tatami(folder.path, words);
      weights.push(await readFile(join(folder.path, String(events.at(-1)?.run), "model.safetensors")));
    }
    const [a, b, c] = weights as [Buffer, Buffer, Buffer];
    expect(a.equals(b)).toBe(true);
    expect(b.equals(c)).toBe(false);
  });

  it("saves on Ctrl-C and goes on as if nothing had happened", async () => {
    await using folder = await temporaryFolder();
    const words = ["train", "--json", "--epochs", "3"];
    const whole = await tatami(folder.path, words);
    const stopped = await tatami(folder.path, words, (line, child) => {
      if (line.includes('"event":"epoch","epoch":1')) child.kill("SIGINT");
    });
    expect(stopped.code).toBe(130);
    expect(stopped.events.at(-1)?.event).toBe("interrupted");
    const run = String(stopped.events.at(-1)?.run);
    expect(stopped.stderr).toContain(`Go on with: tatami train --resume ${run}`);
    const readInfo = async (): Promise<{ status: string }> =>
      JSON.parse(await readFile(join(folder.path, run, "run.json"), "utf8")) as { status: string };
    expect((await readInfo()).status).toBe("interrupted");

    const resumed = await tatami(folder.path, ["train", "--resume", run, "--json"]);
    expect(resumed.stderr).toBe("");
    expect(resumed.events.filter((e) => e.event === "epoch").map((e) => e.epoch)).toEqual([2, 3]);
    expect((await readInfo()).status).toBe("done");
    const weightsOf = (name: unknown): Promise<Buffer> =>
      readFile(join(folder.path, String(name), "model.safetensors"));
    expect((await weightsOf(run)).equals(await weightsOf(whole.events.at(-1)?.run))).toBe(true);

    const again = await tatami(folder.path, ["train", "--resume", run]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("is done already")]);
  });
});
