/**
 * The folder of one training run. Node only.
 *
 *     runs/20260131-094500-lenet5/
 *       run.json            what was run and how it went; replaced as a whole, never half-written
 *       metrics.ndjson      one JSON object per line, appended, on the disk after each epoch
 *       model.safetensors   the latest saved weights
 *       checkpoints/        the latest two states of the whole training; see `checkpoint-folder.ts`
 *       heartbeat.json      only while the run is going on: the process that writes it
 *
 * Whatever the process dies of, the folder stays readable: at worst the last line of the metrics is lost.
 */
import { type FileHandle, mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/node/atomic-file.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { CheckpointFolder, type CheckpointPosition, checkpointsFolder } from "./checkpoint-folder.ts";
import { Heartbeat, isBeating } from "./recording/heartbeat.ts";

/** How a run went. The file of one that was killed outright stays "running"; see {@link currentStatus}. */
export type RunStatus = "running" | "done" | "failed" | "interrupted";

const statuses: readonly string[] = ["running", "done", "failed", "interrupted"] satisfies RunStatus[];

/** Values that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What run.json says. */
export interface RunInfo {
  /** Name of the folder. */
  readonly id: string;
  readonly name: string;
  readonly status: RunStatus;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** ISO 8601, UTC; absent while the run is going on. */
  readonly endedAt?: string;
  readonly seed: number;
  /** Model, optimizer, epochs and so on, as the caller names them. */
  readonly settings: { readonly [key: string]: Json };
  /** Versions of the library, of Node, of the engine. */
  readonly versions: Readonly<Record<string, string>>;
  /** Message of the error that ended a failed run. */
  readonly error?: string;
  /** What a finished run measured at its end, such as `testAccuracy`. */
  readonly result?: Readonly<Record<string, number>>;
}

/** One line of the metrics. NaN and infinities are kept (as strings in the file, since JSON has none). */
export type Metrics = Readonly<Record<string, number>>;

/** What a new run is described by. */
export interface CreateRunOptions {
  /** Short name at the end of the id, such as the model's. */
  readonly name: string;
  readonly seed: number;
  readonly settings?: { readonly [key: string]: Json };
  readonly versions?: Readonly<Record<string, string>>;
  /** Time of the start. Default: now. */
  readonly now?: Date;
}

/** A run as read back from its folder. */
export interface RunRecord {
  readonly info: RunInfo;
  readonly metrics: readonly Metrics[];
  /** Whether the last line of the metrics was cut off when the process died; it is left out. */
  readonly truncated: boolean;
}

const infoFile = "run.json";
const metricsFile = "metrics.ndjson";
const modelFile = "model.safetensors";

/**
 * A run that is being written: its description, metrics, weights and state, in a folder of its own. One process at a
 * time.
 *
 * @example
 * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0, settings: { lr: 1e-3 } });
 * await run.log({ epoch: 1, loss: 0.5 });
 * await run.finish("done", { result: { testAccuracy: 0.98 } });
 * run.info.status; // "done"
 */
export class RunDirectory {
  /** The folder. */
  readonly path: string;
  #info: RunInfo;
  readonly #metrics: FileHandle;
  readonly #heartbeat: Heartbeat;
  /** The training's states, to go on from. */
  readonly checkpoints: CheckpointFolder;

  private constructor(path: string, info: RunInfo, metrics: FileHandle, heartbeat: Heartbeat) {
    this.path = path;
    this.#info = info;
    this.#metrics = metrics;
    this.#heartbeat = heartbeat;
    this.checkpoints = new CheckpointFolder(join(path, checkpointsFolder));
  }

  /** Writes that the run is going on, and keeps saying so. */
  static async #begin(path: string, info: RunInfo): Promise<RunDirectory> {
    // Before the status: who finds a run going on looks for its process.
    const heartbeat = await Heartbeat.start(path);
    await writeInfo(path, info);
    return new RunDirectory(path, info, await open(join(path, metricsFile), "a"), heartbeat);
  }

  /**
   * Makes the folder of a new run.
   *
   * @param root Folder of all runs; made when it is missing.
   * @returns The run, with status "running". Two runs of the same name and second get different folders.
   * @example
   * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0, settings: { lr: 1e-3 } });
   * await run.finish("done");
   */
  static async create(root: string, options: CreateRunOptions): Promise<RunDirectory> {
    const { name, seed, settings = {}, versions = {}, now = new Date() } = options;
    await makeFolder(root);
    const id = await claimFolder(root, `${timestamp(now)}-${fileName(name)}`);
    const info: RunInfo = {
      id,
      name,
      status: "running",
      startedAt: now.toISOString(),
      seed,
      settings,
      versions,
    };
    return RunDirectory.#begin(join(root, id), info);
  }

  /**
   * Opens a run that ended or was killed, to go on with it; its status becomes "running" again.
   *
   * @param options.epoch Epochs that were done where it goes on: lines of the metrics that tell of later ones are taken
   *   out, since these will be told of again. Default: all lines stay.
   *
   * @throws FileFormatError as {@link readRun}.
   */
  static async resume(
    path: string,
    { epoch: done = Number.POSITIVE_INFINITY }: { epoch?: number } = {},
  ): Promise<RunDirectory> {
    const { info: old, metrics, truncated } = await readRun(path);
    const kept = metrics.filter(({ epoch = 0 }) => epoch <= done);
    // Without this, the next line would be glued to the rest of one that was cut off.
    if (truncated || kept.length < metrics.length) {
      await writeFileAtomic(join(path, metricsFile), kept.map(metricsLine).join(""));
    }
    const { endedAt: _endedAt, error: _error, result: _result, ...described } = old;
    return RunDirectory.#begin(path, { ...described, status: "running" });
  }

  /** What run.json says. */
  get info(): RunInfo {
    return this.#info;
  }

  /** Where the weights are, or will be. */
  get modelPath(): string {
    return join(this.path, modelFile);
  }

  /**
   * Appends a line of metrics. It survives a crash of the process, and after `flush` also one of the machine.
   */
  async log(metrics: Metrics): Promise<void> {
    await this.#metrics.appendFile(metricsLine(metrics));
  }

  /** Makes sure that all metrics are on the disk; for the end of each epoch. */
  async flush(): Promise<void> {
    await this.#metrics.sync();
  }

  /** Replaces the weights. @param bytes A safetensors file. */
  async saveModel(bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(this.modelPath, bytes);
  }

  /** Adds a state of the training; the latest two are kept. @param bytes A checkpoint. */
  async saveCheckpoint(bytes: Uint8Array, position: CheckpointPosition): Promise<void> {
    await this.checkpoints.save(bytes, position);
  }

  /**
   * Ends the run and closes its files.
   *
   * @param status How it went.
   * @param options.error What ended a failed run.
   * @param options.result What a finished run measured at its end.
   */
  async finish(
    status: Exclude<RunStatus, "running">,
    {
      error,
      result,
      now = new Date(),
    }: { error?: unknown; result?: Record<string, number>; now?: Date } = {},
  ): Promise<void> {
    await this.flush();
    await this.#metrics.close();
    this.#info = {
      ...this.#info,
      status,
      endedAt: now.toISOString(),
      ...(error === undefined ? {} : { error: error instanceof Error ? error.message : String(error) }),
      ...(result === undefined ? {} : { result }),
    };
    await writeInfo(this.path, this.#info);
    await this.#heartbeat.stop();
  }
}

/**
 * How a run stands now: one that says it is running, but whose process is gone, was interrupted.
 *
 * @param path The run's folder.
 * @example
 * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0 });
 * await currentStatus(run.path, run.info); // "running"
 * await run.finish("done");
 * await currentStatus(run.path, run.info); // "done"
 */
export async function currentStatus(path: string, { status }: Pick<RunInfo, "status">): Promise<RunStatus> {
  if (status !== "running" || isBeating(path)) return status;
  // It may have ended while its process was looked for.
  const file = join(path, infoFile);
  const text = await readFile(file, "utf8").catch(() => undefined);
  const now = text === undefined ? status : parseInfo(text, file).status;
  return now === "running" ? "interrupted" : now;
}

/**
 * Reads a run back.
 *
 * @param path The run's folder.
 *
 * @throws FileFormatError when run.json is missing or damaged, or a line of the metrics is; it names the file, the line
 *   and the reason
 * @example
 * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0 });
 * await run.log({ epoch: 1, loss: 0.5 });
 * await run.finish("done");
 * (await readRun(run.path)).metrics; // [{ epoch: 1, loss: 0.5 }]
 */
export async function readRun(path: string): Promise<RunRecord> {
  const info = parseInfo(await readInfo(join(path, infoFile), path), join(path, infoFile));
  const text = await readFile(join(path, metricsFile), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
  // Each line is written with its end, so what follows the last end was cut off.
  const lines = text.split("\n");
  const truncated = lines.pop() !== "";
  return {
    info,
    metrics: lines.map((line, i) => parseMetrics(line, `${join(path, metricsFile)}:${i + 1}`)),
    truncated,
  };
}

/**
 * All runs below a folder, oldest first; folders that are no runs are left out. A folder that does not exist has none.
 *
 * @param onDamaged Told of each run.json that cannot be read; such a run is left out, and the others are not lost.
 * @example
 * const run = await RunDirectory.create("listed", { name: "lenet5", seed: 0 });
 * await run.finish("done");
 * (await listRuns("listed")).map(({ info }) => info.status); // ["done"]
 * await listRuns("no such folder"); // []
 */
export async function listRuns(
  root: string,
  onDamaged: (error: FileFormatError) => void = () => {},
): Promise<{ readonly path: string; readonly info: RunInfo }[]> {
  const names = await readdir(root).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const found = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(root, name);
      const text = await readFile(join(path, infoFile), "utf8").catch(() => undefined);
      if (text === undefined) return [];
      try {
        return [{ path, info: parseInfo(text, join(path, infoFile)) }];
      } catch (error) {
        if (!(error instanceof FileFormatError)) throw error;
        onDamaged(error);
        return [];
      }
    }),
  );
  return found.flat();
}

/** Makes a folder that nobody else has: `mkdir` fails when it exists, however close two processes are. */
async function claimFolder(root: string, wanted: string): Promise<string> {
  for (let attempt = 1; attempt <= 1000; attempt++) {
    const id = attempt === 1 ? wanted : `${wanted}-${attempt}`;
    try {
      await mkdir(join(root, id));
      return id;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
  throw new ArgumentError(
    `run directory: ${join(root, wanted)} and 999 numbered ones exist; clear the folder`,
    { root },
  );
}

/** `20260131-094500`, UTC, so that names sort by time. */
function timestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}

/** The name with only what every file system takes. */
function fileName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return plain === "" ? "run" : plain;
}

async function writeInfo(path: string, info: RunInfo): Promise<void> {
  await writeFileAtomic(join(path, infoFile), `${JSON.stringify(info, undefined, 2)}\n`);
}

async function readInfo(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new FileFormatError(
      `${path}: found no ${infoFile}, so this is not the folder of a run; give one such as ` +
        "runs/20260131-094500-lenet5",
      { path },
      { cause },
    );
  }
}

function parseInfo(text: string, file: string): RunInfo {
  const value = parseJson(text, file);
  const wrong = isRecord(value)
    ? Object.entries(infoFields).find(([field, fits]) => !fits(value[field]))?.[0]
    : "the whole";
  if (wrong !== undefined) {
    const found = isRecord(value) ? value[wrong] : value;
    throw new FileFormatError(
      `${file}: ${wrong} is ${JSON.stringify(found)}, which is not what a run has there`,
      {
        file,
        field: wrong,
        found,
      },
    );
  }
  // Every field was checked just now.
  return value as RunInfo;
}

const isString = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number";
const isOptionalString = (value: unknown): boolean => value === undefined || typeof value === "string";

/** What each field of run.json must be. A record, so that the compiler lists a field without a check. */
const infoFields: Record<keyof RunInfo, (value: unknown) => boolean> = {
  id: isString,
  name: isString,
  status: (value) => typeof value === "string" && statuses.includes(value),
  startedAt: isString,
  endedAt: isOptionalString,
  seed: (value) => Number.isSafeInteger(value),
  settings: isRecord,
  versions: (value) => isRecord(value) && Object.values(value).every(isString),
  error: isOptionalString,
  result: (value) => value === undefined || (isRecord(value) && Object.values(value).every(isNumber)),
};

const specialNumbers: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function metricsLine(metrics: Metrics): string {
  const text = JSON.stringify(metrics, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  return `${text}\n`;
}

function parseMetrics(line: string, where: string): Metrics {
  const value = parseJson(line, where);
  if (!isRecord(value))
    throw new FileFormatError(`${where}: found ${line}, expected an object of numbers`, { where });
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      const number = specialNumbers.get(entry) ?? entry;
      if (typeof number !== "number") {
        throw new FileFormatError(`${where}: ${name} is ${JSON.stringify(entry)}, expected a number`, {
          where,
          name,
        });
      }
      return [name, number];
    }),
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${where}: not valid JSON (${reason}); the file is damaged`,
      { where },
      { cause },
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
