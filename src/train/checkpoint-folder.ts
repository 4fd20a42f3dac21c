/**
 * Checkpoints on disk. Node only. Each is a folder of its own:
 *
 *     checkpoints/
 *       000007-step-140/
 *         state.safetensors   the training's whole state; any reader of the format can open it
 *         checkpoint.json     where the training stood, and length and SHA-256 of the state
 *       000008-step-160/      the newest; the one before stays until the next is whole
 *
 * A checkpoint is written under another name, reaches the disk file by file, takes its name in one step, and then the
 * folder reaches the disk: a reader sees it whole or not at all, whenever the process or the machine stops. One that the
 * disk has damaged later is found by length and checksum, and the one before it is used. What a process that died has left
 * under another name is removed at the next save or load.
 */
import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { syncFolder } from "../base/node/atomic-file.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { openFile } from "../base/node/open-file.ts";
import type { RandomAccess } from "../base/random-access.ts";
import { type CheckpointValue, readCheckpoint } from "../io/checkpoint.ts";
import { SafetensorsReader } from "../io/safetensors-reader.ts";

/** Where they are in the folder of a run. */
export const checkpointsFolder = "checkpoints";

const stateFile = "state.safetensors";
const infoFile = "checkpoint.json";

/** Where a training stood when it was saved. */
export interface CheckpointPosition {
  /** Epochs that were done. */
  readonly epoch: number;
  /** Steps of the next epoch that were done. */
  readonly step: number;
  /** Steps of the whole training that were done. */
  readonly totalSteps: number;
}

/** A checkpoint that could not be read. */
export interface DamagedCheckpoint {
  /** Its folder. */
  readonly path: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** A checkpoint that was read. */
export interface LoadedCheckpoint extends CheckpointPosition {
  /** Its folder. */
  readonly path: string;
  /** For the option `resume` of `train.fit`. */
  readonly state: CheckpointValue;
  /** Newer ones, which are damaged. */
  readonly damaged: readonly DamagedCheckpoint[];
  /** What to tell the user where there are such. */
  readonly warning?: string;
}

/** Options of {@link CheckpointFolder}. */
export interface CheckpointFolderOptions {
  /** Newest checkpoints that are kept, 2 or more. Default 2: should the newest be damaged, there is the one before. */
  readonly keep?: number;
}

/** What checkpoint.json says. */
interface CheckpointInfo extends CheckpointPosition {
  readonly version: 1;
  readonly savedAt: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A checkpoint went while it was read: its writer has a newer one by now. */
class Vanished extends Error {}

/** Folders of this process that are being written or removed: they are nobody's leftovers. */
const inUse = new Set<string>();

/** Leftovers of a process that cannot be asked for, or whose number another one has by now, go at this age. */
const staleMs = 3_600_000;

/**
 * The checkpoints of one training. One process writes; others may read at the same time.
 *
 * @param path The folder; made at the first save.
 * @param options.keep newest checkpoints that are kept, 2 or more; 2 by default
 * @throws ArgumentError when `keep` is less than 2
 * @example
 * const checkpoints = new CheckpointFolder("digits-checkpoints");
 * const options = { loader, loss: F.crossEntropy, optimizer, epochs: 2 };
 * const callbacks = [new train.Checkpoint(checkpoints, { everyNTrainSteps: 50 })];
 * await train.fit(model, { ...options, callbacks, resume: (await checkpoints.load())?.state });
 * (await checkpoints.load())?.epoch; // 2
 */
export class CheckpointFolder {
  /** The folder of all checkpoints. */
  readonly path: string;
  readonly #keep: number;
  readonly #damaged = new Set<string>();
  #saved: CheckpointPosition | undefined;

  constructor(path: string, { keep = 2 }: CheckpointFolderOptions = {}) {
    if (!Number.isInteger(keep) || keep < 2) {
      throw new ArgumentError(
        `CheckpointFolder: keep ${keep} is not an integer of 2 or more; with fewer, one that is damaged leaves none`,
        { keep },
      );
    }
    this.path = path;
    this.#keep = keep;
  }

  /** Where the training stood when this process saved it last. */
  get saved(): CheckpointPosition | undefined {
    return this.#saved;
  }

  /**
   * Adds a checkpoint, and removes the oldest once it is on the disk.
   *
   * @param bytes The state as `io.saveCheckpoint` gives it.
   * @param position Where the training stands.
   * @returns The checkpoint's folder.
   */
  async save(bytes: Uint8Array, position: CheckpointPosition): Promise<string> {
    await makeFolder(this.path);
    await this.#removeLeftovers();
    const number = numberOf((await this.#names())[0] ?? "") + 1;
    const name = `${String(number).padStart(6, "0")}-step-${position.totalSteps}`;
    const temporary = this.#temporary();
    try {
      await mkdir(temporary);
      await writeDurably(join(temporary, stateFile), bytes);
      await writeDurably(join(temporary, infoFile), `${JSON.stringify(await describe(bytes, position))}\n`);
      await syncFolder(temporary);
      await rename(temporary, join(this.path, name));
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    } finally {
      inUse.delete(temporary);
    }
    await syncFolder(this.path);
    this.#saved = position;
    await this.#removeOld();
    return join(this.path, name);
  }

  /** As `save`; what `train.Checkpoint` calls. */
  async saveCheckpoint(bytes: Uint8Array, position: CheckpointPosition): Promise<void> {
    await this.save(bytes, position);
  }

  /**
   * Reads the newest checkpoint that is whole; `damaged` of the result tells of newer ones that are not.
   *
   * @returns Undefined where nothing has been saved.
   * @throws FileFormatError when there are checkpoints, and all are damaged; it says what is wrong with each
   */
  async load(): Promise<LoadedCheckpoint | undefined> {
    // A folder that cannot be written can be read all the same.
    await this.#removeLeftovers().catch(() => {});
    for (;;) {
      try {
        return await this.#loadNewest();
      } catch (error) {
        if (!(error instanceof Vanished)) throw error;
      }
    }
  }

  async #loadNewest(): Promise<LoadedCheckpoint | undefined> {
    const damaged: DamagedCheckpoint[] = [];
    for (const name of await this.#names()) {
      const path = join(this.path, name);
      try {
        return withWarning({ ...(await loadFolder(path)), path, damaged });
      } catch (error) {
        if (!(error instanceof FileFormatError)) throw error;
        this.#damaged.add(name);
        damaged.push({ path, reason: error.message });
      }
    }
    if (damaged.length === 0) return undefined;
    throw new FileFormatError(
      `${this.path}: every checkpoint is damaged; start anew, or put a copy in its place. ` +
        damaged.map(({ reason }) => reason).join("; "),
      { path: this.path },
    );
  }

  /** Names of the checkpoints, newest first. */
  async #names(): Promise<string[]> {
    const names = await readdir(this.path).catch(ifMissing<string[]>([]));
    return names.filter((name) => numberOf(name) > 0).sort((a, b) => numberOf(b) - numberOf(a));
  }

  /** Those that are damaged go first: what is kept besides the newest is the last good one. */
  async #removeOld(): Promise<void> {
    const names = await this.#names();
    const good = names.filter((name) => !this.#damaged.has(name));
    const kept = new Set(good.slice(0, this.#keep));
    for (const name of names) {
      if (kept.has(name)) continue;
      // Under another name first: one that is removed half-way would look damaged.
      const temporary = this.#temporary();
      try {
        await rename(join(this.path, name), temporary);
        await rm(temporary, { recursive: true, force: true });
      } finally {
        inUse.delete(temporary);
      }
    }
  }

  /** A name that readers leave alone, and that says whose it is. */
  #temporary(): string {
    const owner = `${process.pid}-${hostHash()}`;
    const path = join(this.path, `.unfinished-${owner}-${randomBytes(6).toString("hex")}`);
    inUse.add(path);
    return path;
  }

  async #removeLeftovers(): Promise<void> {
    const names = await readdir(this.path).catch(ifMissing<string[]>([]));
    for (const name of names) {
      const [, pid, host] = /^\.unfinished-(\d+)-([0-9a-f]+)-/.exec(name) ?? [];
      const path = join(this.path, name);
      if (pid === undefined || inUse.has(path)) continue;
      const isOurs = host === hostHash() && Number(pid) === process.pid;
      const mayLive = !isOurs && (host !== hostHash() || isAlive(Number(pid)));
      if (mayLive && (await ageOf(path)) < staleMs) continue;
      await rm(path, { recursive: true, force: true });
    }
  }
}

/**
 * The newest whole checkpoint of a run's folder, or of a folder of checkpoints; a damaged one is told of as a warning of the
 * process.
 *
 * @throws FileFormatError where there is none, or all are damaged
 */
export async function loadLatestCheckpoint(path: string): Promise<LoadedCheckpoint> {
  const inRun = join(path, checkpointsFolder);
  const isRun = await stat(inRun).then((found) => found.isDirectory(), ifMissing(false));
  const found = await new CheckpointFolder(isRun ? inRun : path).load();
  if (found === undefined) {
    throw new FileFormatError(
      `${path}: there is no checkpoint to go on from; give the folder of a run, or the one that train.Checkpoint saves to`,
      { path },
    );
  }
  if (found.warning !== undefined) process.emitWarning(found.warning);
  return found;
}

function withWarning(found: LoadedCheckpoint): LoadedCheckpoint {
  const { damaged, path, epoch, step } = found;
  if (damaged.length === 0) return found;
  const reasons = damaged.map(({ reason }) => reason).join("; ");
  const position = `${epoch} epoch${epoch === 1 ? "" : "s"} and ${step} step${step === 1 ? "" : "s"}`;
  return { ...found, warning: `${reasons}. Going on from the one before, ${path} (${position})` };
}

/** Position of a checkpoint in their order; 0 for the name of something else. */
function numberOf(name: string): number {
  return Number(/^(\d{6,15})-step-\d+$/.exec(name)?.[1] ?? 0);
}

async function describe(bytes: Uint8Array, position: CheckpointPosition): Promise<CheckpointInfo> {
  const read = async (start: number, end: number): Promise<Uint8Array> => bytes.subarray(start, end);
  const sha256 = await checksumOf({ byteLength: bytes.length, read });
  const { epoch, step, totalSteps } = position;
  return {
    version: 1,
    epoch,
    step,
    totalSteps,
    savedAt: new Date().toISOString(),
    bytes: bytes.length,
    sha256,
  };
}

/** What is hashed at a time: a hash takes no more than 2 GiB at once, and a file need not be in memory. */
const hashedAtOnce = 2 ** 24;

async function checksumOf({ byteLength, read }: Omit<RandomAccess, "source">): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < byteLength; at += hashedAtOnce)
    hash.update(await read(at, Math.min(at + hashedAtOnce, byteLength)));
  return hash.digest("hex");
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file: FileHandle = await open(path, "wx");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @throws FileFormatError when it is damaged, Vanished when it was removed meanwhile. */
async function loadFolder(path: string): Promise<CheckpointPosition & { state: CheckpointValue }> {
  try {
    const info = parseInfo(await readFile(join(path, infoFile), "utf8"), path);
    const file = await openFile(join(path, stateFile));
    const fail = (reason: string): never => {
      throw new FileFormatError(`${join(path, stateFile)} ${reason}; the checkpoint is damaged`, { path });
    };
    if (file.byteLength !== info.bytes) fail(`has ${file.byteLength} bytes where ${info.bytes} were written`);
    if ((await checksumOf(file)) !== info.sha256) fail("does not match its checksum");
    const { epoch, step, totalSteps } = info;
    return { epoch, step, totalSteps, state: await readCheckpoint(await SafetensorsReader.open(file)) };
  } catch (cause) {
    if (!isMissing(cause) && !(cause instanceof FileFormatError && isMissing(cause.cause))) throw cause;
    if (await stat(path).then(() => false, isMissing)) throw new Vanished(path, { cause });
    throw new FileFormatError(`${path}: a file is missing; the checkpoint is damaged`, { path }, { cause });
  }
}

function parseInfo(text: string, path: string): CheckpointInfo {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const { version, epoch, step, totalSteps, bytes, sha256 } = (value ?? {}) as Partial<CheckpointInfo>;
  const counts = [epoch, step, totalSteps, bytes];
  if (version === 1 && counts.every((n) => Number.isSafeInteger(n)) && typeof sha256 === "string") {
    return value as CheckpointInfo;
  }
  throw new FileFormatError(
    `${join(path, infoFile)} is not the description of a checkpoint; the checkpoint is damaged`,
    { path },
  );
}

let host: string | undefined;

function hostHash(): string {
  host ??= createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  return host;
}

/** Whether a process of this machine has this number. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isMissing(error)) return value;
    throw error;
  };
}
