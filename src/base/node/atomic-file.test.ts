import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeAtomic, writeFileAtomic } from "./atomic-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-atomic-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("creates and replaces a file and leaves nothing else", async () => {
  const path = join(folder, "run.json");
  await writeFileAtomic(path, "one");
  await writeFileAtomic(path, new Uint8Array([0x74, 0x77, 0x6f]));
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(folder)).toEqual(["run.json"]);
});

it("keeps the old version, in place until the end, when writing fails", async () => {
  const path = join(folder, "model.safetensors");
  await writeFile(path, "old");
  const attempt = writeAtomic(path, async (file) => {
    await file.write("half of the n");
    expect(await readFile(path, "utf8")).toBe("old");
    throw new Error("disk full");
  });
  await expect(attempt).rejects.toThrow("disk full");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["model.safetensors"]);
});

it("cleans up when the final name cannot be taken", async () => {
  await expect(writeFileAtomic(join(folder, "missing", "x"), "a")).rejects.toThrow(
    `there is no folder ${join(folder, "missing")}; make it first`,
  );
  await expect(writeFileAtomic(folder, "a")).rejects.toThrow();
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(folder, "file"), "a");
  await expect(writeFileAtomic(join(folder, "file", "x"), "a")).rejects.toThrow(
    `there is no folder ${join(folder, "file")}; make it first`,
  );
  await rm(join(folder, "file"));
  expect(await readdir(folder)).toEqual([]);
});

it("lets the last of many concurrent writers win with a whole file", async () => {
  const path = join(folder, "x");
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
  expect(contents).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder)).toEqual(["x"]);
});
