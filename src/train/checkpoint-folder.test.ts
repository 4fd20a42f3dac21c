/** Checkpoints on disk: whole or not there, whatever happens to the process that writes them, or to the disk. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bundleScript } from "../../test/setup/run-script.ts";
import { RandomStream } from "../data/index.ts";
import { saveCheckpoint } from "../io/index.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { CheckpointFolder, loadLatestCheckpoint } from "./checkpoint-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-checkpoints-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const save = async (folder: CheckpointFolder, step: number): Promise<string> =>
  folder.save(await saveCheckpoint({ step, weights: tensor([step, step]) }), {
    epoch: 0,
    step,
    totalSteps: step,
  });

const stepOf = async (folder: CheckpointFolder): Promise<number | undefined> => (await folder.load())?.step;

it("keeps the newest checkpoints, and gives back the newest", async () => {
  const folder = new CheckpointFolder(join(root, "a", "b"));
  expect(await folder.load()).toBeUndefined();
  for (const step of [5, 10, 15]) await save(folder, step);
  expect(folder.saved).toEqual({ epoch: 0, step: 15, totalSteps: 15 });
  expect(await readdir(folder.path)).toEqual(["000002-step-10", "000003-step-15"]);
  const loaded = await folder.load();
  expect(loaded).toMatchObject({ epoch: 0, step: 15, totalSteps: 15, damaged: [] });
  const { step, weights } = (loaded?.state ?? {}) as { step: number; weights: Tensor };
  expect([step, await weights.array()]).toEqual([15, [15, 15]]);
  // Another one goes on counting.
  await save(new CheckpointFolder(folder.path, { keep: 3 }), 20);
  expect(await readdir(folder.path)).toEqual(["000002-step-10", "000003-step-15", "000004-step-20"]);
  expect(() => new CheckpointFolder(root, { keep: 1 })).toThrow("keep 1 is not an integer of 2 or more");
});

describe("a checkpoint that the disk has damaged", () => {
  const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
    "does not match its checksum": async (path) => {
      const file = join(path, "state.safetensors");
      const bytes = await readFile(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
      await writeFile(file, bytes);
    },
    "has 40 bytes where": (path) => truncate(join(path, "state.safetensors"), 40),
    "a file is missing": (path) => rm(join(path, "state.safetensors")),
    "is not the description of a checkpoint": (path) =>
      writeFile(join(path, "checkpoint.json"), '{"version":1'),
  };

  it.each(Object.entries(damages))("%s: the one before is used, and stays", async (reason, damage) => {
    const folder = new CheckpointFolder(root);
    await save(folder, 1);
    await save(folder, 2);
    await damage(await save(folder, 3));
    const loaded = await folder.load();
    expect([loaded?.step, loaded?.damaged.length]).toEqual([2, 1]);
    expect(loaded?.damaged[0]?.reason).toContain(reason);
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    expect((await loadLatestCheckpoint(root)).step).toBe(2);
    expect(warn.mock.calls[0]?.[0]).toContain(`${reason}`);
    expect(warn.mock.calls[0]?.[0]).toContain("Going on from the one before");
    warn.mockRestore();
    // The damaged one does not count among the two that are kept.
    await save(folder, 4);
    expect(await readdir(root)).toEqual(["000002-step-2", "000004-step-4"]);
  });

  it("says so when none is whole, and when there is none", async () => {
    const folder = new CheckpointFolder(root);
    await expect(loadLatestCheckpoint(root)).rejects.toThrow("there is no checkpoint to go on from");
    for (const step of [1, 2]) await rm(join(await save(folder, step), "checkpoint.json"));
    await expect(folder.load()).rejects.toThrow(/every checkpoint is damaged.*step-2.*step-1/);
  });
});

it("reads a checkpoint that is larger than what can be read or hashed at once", {
  timeout: 60_000,
}, async () => {
  const path = join(root, "000001-step-1");
  await mkdir(path);
  // The state names the small tensor alone. A file with a hole takes no space on the disk.
  const size = 2 ** 31 + 8;
  const header = JSON.stringify({
    __metadata__: { tatami_checkpoint: '{"$tensor":"small"}' },
    small: { dtype: "U8", shape: [8], data_offsets: [0, 8] },
    huge: { dtype: "U8", shape: [size], data_offsets: [8, size + 8] },
  });
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
  const file = join(path, "state.safetensors");
  await writeFile(file, Buffer.concat([start, Buffer.from(header)]));
  const bytes = 8 + header.length + 8 + size;
  await truncate(file, bytes);
  // Of this very content, by sha256sum.
  const sha256 = "adb1a8240ef238904b2c363ef4cc998581e1aedffa66c17a1d97460515caacb0";
  const info = { version: 1, epoch: 0, step: 1, totalSteps: 1, savedAt: "", bytes, sha256 };
  await writeFile(join(path, "checkpoint.json"), JSON.stringify(info));
  const loaded = await new CheckpointFolder(root).load();
  const { state } = loaded ?? {};
  expect(await (state as Tensor).array()).toEqual(new Array(8).fill(0));
});

it("leaves what another process is writing, and removes what a dead one has left", async () => {
  const folder = new CheckpointFolder(root);
  await save(folder, 1);
  const host = (await leftoverName(folder)).split("-").at(-2);
  const names = {
    dead: `.unfinished-999999999-${host}-0a`,
    living: `.unfinished-${process.ppid}-${host}-0b`,
    livingAndOld: `.unfinished-${process.ppid}-${host}-0c`,
    elsewhere: ".unfinished-999999999-00000000-0d",
    own: `.unfinished-${process.pid}-${host}-0e`,
  };
  for (const name of Object.values(names)) await mkdir(join(root, name));
  const old = new Date(Date.now() - 7_200_000);
  await utimes(join(root, names.livingAndOld), old, old);
  expect(await stepOf(folder)).toBe(1);
  const left = (await readdir(root)).filter((name) => name.startsWith("."));
  expect(left.sort()).toEqual([names.living, names.elsewhere].sort());
});

/** The name under which a checkpoint is written. */
async function leftoverName(folder: CheckpointFolder): Promise<string> {
  const saving = save(folder, 1);
  for (;;) {
    const name = (await readdir(folder.path)).find((found) => found.startsWith(".unfinished"));
    if (name !== undefined) {
      await saving;
      return name;
    }
  }
}

it("reads anew when a checkpoint goes while it is read", async () => {
  const folder = new CheckpointFolder(root);
  for (const step of [1, 2]) await save(folder, step);
  const newest = join(root, "000002-step-2");
  // As a writer removes one between a reader's look at the folder and its reading.
  const loading = folder.load();
  await rename(newest, join(root, ".unfinished-1-00000000-00"));
  expect([1, 2]).toContain((await loading)?.step);
});

/** Saves without end, and says on stdout which steps are safely on the disk. */
const program = `
import { writeSync } from "node:fs";
import { CheckpointFolder } from ${JSON.stringify(fileURLToPath(new URL("./checkpoint-folder.ts", import.meta.url)))};
import { encodeSafetensors } from ${JSON.stringify(fileURLToPath(new URL("../io/safetensors.ts", import.meta.url)))};
const [folder, from] = process.argv.slice(2);
const checkpoints = new CheckpointFolder(folder);
for (let step = Number(from) + 1; ; step++) {
  const weights = { dtype: "float32", shape: [50000], data: new Float32Array(50000).fill(step) };
  const json = JSON.stringify({ step, weights: { $tensor: "weights" } });
  const bytes = encodeSafetensors(new Map([["weights", weights]]), { tatami_checkpoint: json });
  await checkpoints.save(bytes, { epoch: 0, step, totalSteps: step });
  writeSync(1, step + "\\n");
}
`;

it("is never lost or half there when its writer is killed 200 times", { timeout: 180_000 }, async () => {
  await using script = await bundleScript(program);
  const random = new RandomStream(5, 0);
  let leftovers = 0;
  const rounds = async (number: number): Promise<void> => {
    const path = join(root, String(number));
    let known = 0;
    for (let round = 0; round < 20; round++) {
      const child = spawn(process.execPath, [script.path, path, String(known)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const told = await killSoon(child, 1 + random.below(25), path, round % 2 === 1);
      leftovers += (await readdir(path)).filter((name) => name.startsWith(".")).length;
      const loaded = await new CheckpointFolder(path).load();
      const { step, weights } = (loaded?.state ?? {}) as { step: number; weights: Tensor };
      expect(loaded?.damaged).toEqual([]);
      expect(step).toBeGreaterThanOrEqual(Math.max(told, known));
      expect(new Set(await weights.data())).toEqual(new Set([step]));
      const left = await readdir(path);
      expect(left.filter((name) => !/^\d{6}-step-\d+$/.test(name))).toEqual([]);
      expect(left.length).toBeLessThanOrEqual(3);
      known = step;
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, i) => rounds(i)));
  // Most kills come while something is being written or removed, however busy the machine is.
  expect(leftovers).toBeGreaterThan(80);
});

/**
 * Kills it some milliseconds after it has saved, while the folder is being read.
 *
 * @param midway Not before something is being written or removed.
 * @returns The last step that it told of.
 */
async function killSoon(child: ChildProcess, ms: number, path: string, midway: boolean): Promise<number> {
  let told = 0;
  const saved = new Promise<void>((resolve, reject) => {
    child.on("close", () => reject(new Error("it ended by itself")));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      told = Number(text.trimEnd().split("\n").at(-1));
      resolve();
    });
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await saved;
  const [read] = await Promise.all([new CheckpointFolder(path).load(), setTimeout(ms)]);
  expect(read?.damaged).toEqual([]);
  while (midway && !(await readdir(path)).some((name) => name.startsWith("."))) await setTimeout(0);
  child.kill("SIGKILL");
  await ended;
  return told;
}
