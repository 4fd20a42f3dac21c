/** `tatami lab` as users run it: from the built package. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { buildPackage, tatami, temporaryFolder } from "./command.test-helper.ts";

const timeout = 60_000;
beforeAll(buildPackage, 120_000);

it("lists the experiments in the course's order, in the language of the host or the one asked for", {
  timeout,
}, async () => {
  await using folder = await temporaryFolder();
  const { code, events } = await tatami(folder.path, ["lab", "--json"]);
  expect(code).toBe(0);
  expect(events.map((e) => e.number)).toEqual(
    Array.from({ length: 14 }, (_, i) => String(i + 1).padStart(2, "0")),
  );
  expect(events[0]).toEqual({ event: "experiment", number: "01", name: "convolution", title: "Convolution" });
  const { stdout } = await tatami(folder.path, ["lab", "--lang", "ja"]);
  expect(stdout).toContain("畳み込み");
});

it("runs an experiment by name or number, and writes its page", { timeout }, async () => {
  await using folder = await temporaryFolder();
  const { code, stdout } = await tatami(folder.path, ["lab", "convolution"]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/Loops and conv2d differ by at most [\d.]+e-\d/)]);
  const page = readFileSync(join(folder.path, "lab", "01-convolution.html"), "utf8");
  expect(page).toMatch(/^<!doctype html>[\s\S]*data:image\/bmp;base64,[\s\S]*<\/html>\n$/);

  const second = await tatami(folder.path, ["lab", "2", "--json", "--out", "pages"]);
  expect(second.events).toHaveLength(1);
  expect(second.events[0]).toMatchObject({ event: "experiment", name: "padding", values: { wrong: 0 } });
  expect(existsSync(join(folder.path, "pages", "02-padding.html"))).toBe(true);
});

it("says what is wrong with a name, a dataset or a folder", { timeout }, async () => {
  await using folder = await temporaryFolder();
  const name = await tatami(folder.path, ["lab", "convolutoin"]);
  expect([name.code, name.stderr]).toEqual([2, expect.stringContaining("Did you mean convolution?")]);
  const dataset = await tatami(folder.path, ["lab", "hooks", "--data", "imagenet"]);
  expect([dataset.code, dataset.stderr]).toEqual([2, expect.stringContaining('"imagenet" is unknown')]);
  if (process.platform !== "linux") return;
  const out = await tatami(folder.path, ["lab", "convolution", "--out", "/proc/tatami"]);
  // As in all commands: found before an experiment has taken its time.
  expect([out.code, out.stderr]).toEqual([2, expect.stringContaining("/proc/tatami")]);
});
