/**
 * What a run is known to be, without its numbers. Its files are read again when they have changed, and not otherwise: a list of
 * many runs is asked for every few seconds.
 */
import { basename, join } from "node:path";
import { FileFormatError } from "../base/errors.ts";
import { heartbeatFile } from "../train/recording/heartbeat.ts";
import { currentStatus, type Metrics, type RunStatus, readRun } from "../train/run-dir.ts";
import { namesIn, openPlain } from "./confined-files.ts";
import { loose, looseRecord } from "./loose.ts";
import { notesFile, readNotes } from "./notes.ts";
import type { Loose, RunSummary } from "./protocol.ts";
import { Remembered } from "./remembered.ts";

/** What is known without the numbers. */
export interface RunHead {
  readonly summary: RunSummary;
  readonly epochs: readonly Metrics[];
  /** What run.json says, whatever has become of the process. */
  readonly written: RunStatus;
}

/** What a head is made from. */
const headFiles: readonly string[] = ["run.json", "metrics.ndjson", notesFile];
/** Whether the process that writes a run is still there is asked so often, in milliseconds. */
const soughtMs = 2000;

/** Reads run.json, the metrics and the notes. @throws FileFormatError when one of them is damaged. */
async function readHead(path: string): Promise<RunHead> {
  // Opened once as ordinary files: what leads out of the folder is refused before it is read.
  for (const name of ["run.json", "metrics.ndjson"]) await refuseLink(path, name);
  const { info, metrics } = await readRun(path);
  const notes = await readNotes(path);
  const last = metrics.at(-1);
  const summary: RunSummary = {
    id: basename(path),
    name: notes.name ?? info.name,
    status: info.status,
    startedAt: info.startedAt,
    ...(info.endedAt === undefined ? {} : { endedAt: info.endedAt }),
    seed: info.seed,
    settings: info.settings,
    tags: notes.tags,
    ...(info.error === undefined ? {} : { error: info.error }),
    ...(info.result === undefined ? {} : { result: looseRecord(info.result) }),
    ...(last === undefined ? {} : { last: looseRecord(last), curve: curveOf(metrics) }),
  };
  return { summary, epochs: metrics, written: info.status };
}

/** Points of the small curve in the list of runs. */
const mostPoints = 32;

function curveOf(epochs: readonly Metrics[]): readonly Loose[] {
  const count = Math.min(mostPoints, epochs.length);
  const spacing = (epochs.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, i) => loose(epochs[Math.round(i * spacing)]?.loss ?? Number.NaN));
}

async function refuseLink(path: string, name: string): Promise<void> {
  const file = await openPlain(join(path, name));
  if (file !== null) return file.close();
  if (!(await namesIn(path)).includes(name)) return;
  throw new FileFormatError(`${join(path, name)} is no ordinary file; a run has one there`, { path, name });
}

/** The head of one run as it is now. */
export class RunHeads {
  readonly path: string;
  readonly #read: Remembered<RunHead>;
  /** Of a run whose file says that it is going on. */
  readonly #status: Remembered<RunStatus>;
  #isRunning = true;
  #soughtAt = Number.NEGATIVE_INFINITY;
  #latest: RunHead | null = null;
  /** What the latest one was made from. */
  #from: RunHead | null = null;

  /** @param path The run's real folder. */
  constructor(path: string) {
    this.path = path;
    const [info, beat] = ["run.json", heartbeatFile].map((name) => join(path, name)) as [string, string];
    this.#read = new Remembered(
      headFiles.map((name) => join(path, name)),
      () => readHead(path),
    );
    this.#status = new Remembered([info, beat], () => currentStatus(path, { status: "running" }));
  }

  /** The same object where nothing has changed. @throws FileFormatError when one of its files is damaged. */
  async get(): Promise<RunHead> {
    const read = await this.#read.get();
    const status = read.written === "running" ? await this.#currentStatus() : read.written;
    if (this.#latest === null || read !== this.#from || status !== this.#latest.summary.status) {
      this.#from = read;
      this.#latest =
        status === read.summary.status ? read : { ...read, summary: { ...read.summary, status } };
    }
    return this.#latest;
  }

  async #currentStatus(): Promise<RunStatus> {
    const now = performance.now();
    // A process that is gone changes no file. What was broken off begins anew with a heartbeat.
    if (this.#isRunning && now - this.#soughtAt >= soughtMs) {
      this.#status.forget();
      this.#soughtAt = now;
    }
    const status = await this.#status.get();
    this.#isRunning = status === "running";
    return status;
  }
}
