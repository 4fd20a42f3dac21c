import { mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Remembered } from "./remembered.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-remembered-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Long enough ago that the file system's clock has moved on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));

it("reads again when a file has come, changed, been replaced or gone, and only then", async () => {
  const [first, second] = [join(folder, "a"), join(folder, "b")];
  let reads = 0;
  const remembered = new Remembered([first, second], async () => ({ reads: ++reads }));
  const change = async (work: () => Promise<void>): Promise<number> => {
    await work();
    await settled();
    const found = await remembered.get();
    expect(await remembered.get()).toBe(found);
    return found.reads;
  };
  expect(await change(async () => {})).toBe(1);
  expect(await change(() => writeFile(first, "1"))).toBe(2);
  expect(await change(() => writeFile(second, "1"))).toBe(3);
  expect(await change(() => writeFile(second, "2"))).toBe(4);
  expect(await change(() => utimes(first, new Date(), new Date()))).toBe(5);
  expect(await change(() => rename(second, first))).toBe(6);
  expect(await change(() => rm(first))).toBe(7);
});

it("does not trust a file that has changed just now: it may change again at the same time", async () => {
  const file = join(folder, "a");
  let reads = 0;
  const remembered = new Remembered([file], async () => ++reads);
  await writeFile(file, "1");
  expect([await remembered.get(), await remembered.get()]).toEqual([1, 2]);
  await settled();
  expect([await remembered.get(), await remembered.get()]).toEqual([3, 3]);
});

it("remembers no failure", async () => {
  let reads = 0;
  const remembered = new Remembered([folder], async () => {
    if (++reads === 1) throw new Error("damaged");
    return reads;
  });
  await settled();
  await expect(remembered.get()).rejects.toThrow("damaged");
  expect([await remembered.get(), await remembered.get()]).toEqual([2, 2]);
});
