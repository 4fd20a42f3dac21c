import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-folder-"));
});
afterEach(() => rm(root, { recursive: true }));

it("makes all folders that are missing, and leaves those that are there", async () => {
  await makeFolder(join(root, "a", "b", "c"));
  await makeFolder(join(root, "a", "b", "d"));
  await makeFolder(join(root, "a"));
  expect((await stat(join(root, "a", "b", "c"))).isDirectory()).toBe(true);
  expect((await stat(join(root, "a", "b", "d"))).isDirectory()).toBe(true);
});

it("lets several make the same folder at once", async () => {
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(root, "x", "y", "z"))));
  expect((await stat(join(root, "x", "y", "z"))).isDirectory()).toBe(true);
});

it("says why a folder cannot be made", async () => {
  await writeFile(join(root, "file"), "");
  await expect(makeFolder(join(root, "file", "below"))).rejects.toThrow(
    `the folder ${join(root, "file")} cannot be made: a file has that name; name another folder, or move the file`,
  );
});

it.runIf(process.platform === "linux")("ends where the system makes no folders", async () => {
  await expect(makeFolder("/proc/tatami/run")).rejects.toThrow(
    /^the folder \/proc\/tatami cannot be made \(ENOENT.*\); name one where you may write$/,
  );
});
