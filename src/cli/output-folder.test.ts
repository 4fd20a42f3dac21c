import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UsageError } from "./errors.ts";
import { makeOutputFolder } from "./output-folder.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-out-"));
});
afterAll(() => rm(root, { recursive: true }));

it("makes what is missing, and is content with what is there", async () => {
  await makeOutputFolder(join(root, "a", "b"), "--out");
  await makeOutputFolder(join(root, "a", "b"), "--out");
  expect((await stat(join(root, "a", "b"))).isDirectory()).toBe(true);
});

it("names the option and the file that stands in the way", async () => {
  await writeFile(join(root, "file"), "");
  for (const path of [join(root, "file"), join(root, "file", "below")]) {
    const made = makeOutputFolder(path, "--out");
    await expect(made).rejects.toThrow(UsageError);
    await expect(made).rejects.toThrow(
      `--out ${path}: ${join(root, "file")} is a file; name another folder, or move the file`,
    );
  }
});

it.runIf(process.platform === "linux")("ends where the system makes no folders", async () => {
  await expect(makeOutputFolder("/proc/tatami", "--out")).rejects.toThrow(
    /^--out \/proc\/tatami: the folder cannot be made \(ENOENT.*\); name one where you may write$/,
  );
});
