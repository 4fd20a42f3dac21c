/**
 * What goes wrong in the field: each message names the value and the fix, and nothing half-made is left behind.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { buildPackage, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const timeout = 60_000;

describe("wrong usage", { timeout }, () => {
  it.each([
    [
      ["train", "--epocs", "3"],
      ["--epocs", "Did you mean --epochs?"],
    ],
    [["train", "fasion-mnist"], ['"fasion-mnist" is unknown. Did you mean fashion-mnist?']],
    [["train", "--model", "lenet"], ['"lenet" is unknown. Did you mean lenet5?']],
    [["train", "--lr", "-1"], ['"-1" is not a number above 0']],
    [["train", "--threads", "1000"], ['"1000" is not an integer from 1 to 256']],
    [["train", "--seed", "1e30"], ['"1e30" is not an integer from 0 to 9007199254740991']],
    [["train", "--epochs", "0"], ['"0" is not an integer of 1 or more']],
    [
      ["train", "--device", "cuda"],
      ['"cuda" is unknown', "auto, wasm"],
    ],
    [
      ["train", "--model", "lenet5"],
      ["lenet5 takes images of 28x28", "--model cnn"],
    ],
    [
      ["train", "--resume", "nowhere"],
      ["there is no run nowhere", "tatami train"],
    ],
    [["tran"], ["tran", "Did you mean train?"]],
    [["predict"], ["files"]],
  ])("%j gives 2", async (words, messages) => {
    await using folder = await temporaryFolder();
    const { code, stderr, stdout } = await tatami(folder.path, words);
    for (const message of messages) expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, ""]);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("data", { timeout }, () => {
  const images = (count: number): Buffer =>
    Buffer.concat([
      Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]),
      Buffer.alloc(count * 784),
    ]);
  const labels = (values: readonly number[]): Buffer =>
    Buffer.from([0, 0, 8, 1, 0, 0, 0, values.length, ...values]);

  it.each([
    [
      "a wrong magic number",
      Buffer.from("<html>login</html>"),
      labels([1, 2]),
      "found the magic number 0x3c68746d",
    ],
    ["a short file", images(2).subarray(0, 1000), labels([1, 2]), "found 984 bytes of values, expected 1568"],
    ["another number of labels", images(2), labels([1]), "found 1 labels, expected 2"],
    ["a label out of range", images(2), labels([1, 10]), "found label 10 at image 1, expected 0 to 9"],
    ["no images", images(0), labels([]), "the dataset is empty"],
    ["a missing file", undefined, labels([1, 2]), "found no train-images-idx3-ubyte.gz"],
  ])("with %s gives 1", async (_what, imageFile, labelFile, message) => {
    await using folder = await temporaryFolder();
    const data = join(folder.path, "data");
    await mkdir(data);
    for (const part of ["train", "t10k"]) {
      if (imageFile !== undefined) await writeFile(join(data, `${part}-images-idx3-ubyte`), imageFile);
      await writeFile(join(data, `${part}-labels-idx1-ubyte`), labelFile);
    }
    const { code, stderr, events } = await tatami(folder.path, ["train", "mnist", "--json", "--no-download"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(events).toEqual([{ event: "error", message: expect.stringContaining(message) }]);
    expect(stderr).not.toContain("    at ");
    expect(existsSync(join(folder.path, "runs"))).toBe(false);
  });

  it("that is missing can be got in three ways", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await tatami(folder.path, ["train", "kmnist", "--no-download"]);
    expect(stderr).toMatch(/leave --no-download out, or put the four files of \S+ into data\n$/);
  });
});

it("a loss that is no number ends the run as failed, with the step and the fix", { timeout }, async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await tatami(folder.path, ["train", "--lr", "1e30", "--norm", "none"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /error: the loss is (NaN|-?Infinity) at step \d+ of epoch 1; .*lower the learning rate \(lr 1e\+30 now/,
  );
  const [run = ""] = await readdir(join(folder.path, "runs"));
  const info: unknown = JSON.parse(await readFile(join(folder.path, "runs", run, "run.json"), "utf8"));
  expect(info).toMatchObject({ status: "failed", error: expect.stringContaining("the loss is") });
});

it("damaged images and runs are named", { timeout }, async () => {
  await using folder = await temporaryFolder();
  await tatami(folder.path, ["train", "--epochs", "1", "--model", "mlp"]);
  await writeFile(join(folder.path, "text.png"), "no picture");
  const listed = await tatami(folder.path, ["runs", "--out", "text.png"]);
  expect([listed.code, listed.stderr]).toEqual([
    2,
    expect.stringContaining("--out text.png is a file; name the folder"),
  ]);
  const named = await tatami(folder.path, ["studio", "text.png"]);
  expect([named.code, named.stderr]).toEqual([
    2,
    expect.stringContaining("--out text.png is a file; name the folder"),
  ]);
  const [found] = (await tatami(folder.path, ["runs", "runs", "--json"])).events;
  expect(found).toMatchObject({ event: "run", status: "done" });
  const missing = await tatami(folder.path, ["predict", "none.png"]);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringContaining("none.png: there is no such file"),
  ]);
  const predicted = await tatami(folder.path, ["predict", "text.png"]);
  expect([predicted.code, predicted.stderr]).toEqual([1, expect.stringContaining("text.png: not an image")]);
  const [run = ""] = await readdir(join(folder.path, "runs"));
  await writeFile(join(folder.path, "runs", run, "model.safetensors"), "damaged");
  const measured = await tatami(folder.path, ["eval", run]);
  expect([measured.code, measured.stderr]).toEqual([1, expect.stringContaining("model.safetensors: ")]);
});

it("help, version, doctor and summary work", { timeout }, async () => {
  await using folder = await temporaryFolder();
  const help = await tatami(folder.path, ["--help"]);
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("doctor")]);
  expect((await tatami(folder.path, ["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const [found] = (await tatami(folder.path, ["doctor", "--json", "--threads", "2"])).events;
  expect(found).toMatchObject({ event: "doctor", engine: "wasm", threads: 2, simd: true, works: true });
  expect(found).toHaveProperty("native");
  vi.stubEnv("CC", "false");
  const [without] = (await tatami(folder.path, ["doctor", "--json"])).events;
  vi.unstubAllEnvs();
  expect(without).toMatchObject({
    native: false,
    works: true,
    notes: expect.arrayContaining([
      "native: no C compiler found (false); install gcc or clang, or name one in CC",
    ]),
  });
  const summary = await tatami(folder.path, ["summary", "fashion-mnist", "--model", "lenet5"]);
  expect(summary.stdout).toMatch(/^total +61,706 +\d/m);
});

it.runIf(process.platform === "linux")(
  "a reader that stops reading, of progress as well, is no failure",
  async () => {
    await using folder = await temporaryFolder();
    const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
    const words = "train --epochs 3 --model mlp --no-studio --device wasm --threads 1";
    const script = `set -o pipefail; "${process.execPath}" "${main}" ${words} 2>&1 | head -1`;
    const { status, stdout } = spawnSync("bash", ["-c", script], { cwd: folder.path, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^Training mlp/)]);
  },
  timeout,
);
