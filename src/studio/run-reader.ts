/**
 * One run's folder, read as it grows. Nothing is read before it is asked for, and nothing twice.
 */
import { basename, join } from "node:path";
import { FileFormatError } from "../base/errors.ts";
import { errorsFile, type RecordedErrors } from "../train/recording/epoch-errors.ts";
import { layersFile, layersHeaderFile, parseLayerHeader } from "../train/recording/layer-log.ts";
import { parseRecording, type RecordingInfo, recordingFile } from "../train/recording/recording.ts";
import { stepsFile } from "../train/recording/step-log.ts";
import { currentStatus, type Metrics, readRun } from "../train/run-dir.ts";
import { namesIn, openPlain, readSmall } from "./confined-files.ts";
import { LayerTable } from "./layer-table.ts";
import { loose, looseRecord } from "./loose.ts";
import { readNotes } from "./notes.ts";
import { OpenEpoch } from "./open-epoch.ts";
import type { LayerInfo, Loose, RunDetail, RunSummary, VerdictText } from "./protocol.ts";
import { StepTable } from "./step-table.ts";
import { storedSteps } from "./stored-weights.ts";
import { TailedFile } from "./tailed-file.ts";
import { judge, keyOf, mergeVerdicts, type Window } from "./verdicts.ts";

/** What a run is known to be, without its numbers. */
export interface RunHead {
  readonly summary: RunSummary;
  readonly epochs: readonly Metrics[];
}

/** Reads run.json, the metrics and the notes. @throws FileFormatError when one of them is damaged. */
export async function readHead(path: string): Promise<RunHead> {
  // Opened once as ordinary files: what leads out of the folder is refused before it is read.
  for (const name of ["run.json", "metrics.ndjson"]) await refuseLink(path, name);
  const { info, metrics } = await readRun(path);
  const [status, notes] = await Promise.all([currentStatus(path, info), readNotes(path)]);
  const last = metrics.at(-1);
  const summary: RunSummary = {
    id: basename(path),
    name: notes.name ?? info.name,
    status,
    startedAt: info.startedAt,
    ...(info.endedAt === undefined ? {} : { endedAt: info.endedAt }),
    seed: info.seed,
    settings: info.settings,
    tags: notes.tags,
    ...(info.error === undefined ? {} : { error: info.error }),
    ...(info.result === undefined ? {} : { result: looseRecord(info.result) }),
    ...(last === undefined ? {} : { last: looseRecord(last), curve: curveOf(metrics) }),
  };
  return { summary, epochs: metrics };
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

export class RunReader {
  readonly path: string;
  readonly steps: StepTable = new StepTable();
  readonly layers: LayerTable = new LayerTable();
  readonly #stepsTail: TailedFile;
  readonly #layersTail: TailedFile;
  #head: RunHead | null = null;
  #recording: RecordingInfo | null = null;
  #refreshing: Promise<void> | null = null;
  /** Verdicts of the epochs that are over, and how many these are. */
  #judged: { readonly epochs: number; readonly verdicts: readonly VerdictText[] } = {
    epochs: 0,
    verdicts: [],
  };
  readonly #open = new OpenEpoch();
  /** Those with the newest stretch, and what they were made from. */
  #latest: { readonly key: string; readonly verdicts: readonly VerdictText[] } = { key: "", verdicts: [] };

  #readAt = Number.NEGATIVE_INFINITY;

  /** @param path The run's real folder. */
  constructor(path: string) {
    this.path = path;
    this.#stepsTail = new TailedFile(join(path, stepsFile));
    this.#layersTail = new TailedFile(join(path, layersFile));
  }

  /** Memory that its numbers take. */
  get bytes(): number {
    return this.steps.bytes + this.layers.bytes;
  }

  /** Reads what is new. Calls at the same time share one reading. @throws FileFormatError when run.json is damaged. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** When what was then on the disk had been read, as `performance.now()` tells it. */
  get readAt(): number {
    return this.#readAt;
  }

  async #read(): Promise<void> {
    this.#head = await readHead(this.path);
    const text = await readSmall(join(this.path, recordingFile));
    this.#recording = text === null ? null : parseRecording(text);
    const began = performance.now();
    await Promise.all([this.#readSteps(), this.#readLayers()]);
    this.#readAt = began;
  }

  async #readSteps(): Promise<void> {
    for (;;) {
      const { reset, bytes } = await this.#stepsTail.read();
      if (reset) this.#forget(this.steps);
      if (bytes.length === 0) return;
      this.steps.feed(bytes);
    }
  }

  async #readLayers(): Promise<void> {
    const text = await readSmall(join(this.path, layersHeaderFile));
    const header = text === null ? null : parseLayerHeader(text);
    if (header === null) return;
    if (header.series.length < this.layers.header.series.length) this.#forget(this.layers);
    this.layers.adopt(header);
    this.layers.scan();
    for (;;) {
      const { reset, bytes } = await this.#layersTail.read();
      if (reset) this.#forget(this.layers);
      if (bytes.length === 0) return;
      this.layers.feed(bytes);
    }
  }

  /** The file begins anew: a resumed training has cut it. */
  #forget(table: StepTable | LayerTable): void {
    table.clear();
    this.#open.clear();
    this.#judged = { epochs: 0, verdicts: [] };
    this.#latest = { key: "", verdicts: [] };
  }

  get head(): RunHead {
    if (this.#head === null) throw new Error("RunReader: refresh comes first");
    return this.#head;
  }

  get classes(): readonly string[] {
    return this.#recording?.classes ?? [];
  }

  get recorded(): RunDetail["recorded"] {
    const { records } = this.layers;
    const [first, last] = [records[0], records.at(-1)];
    return first === undefined || last === undefined
      ? null
      : { first: first.step, last: last.step, count: records.length };
  }

  async detail(): Promise<RunDetail> {
    const { summary, epochs } = this.head;
    const { stepsPerEpoch = null, epochs: planned = null } = this.#recording ?? {};
    return {
      ...summary,
      layers: this.#layerInfos(),
      verdicts: this.verdicts(),
      epochs: epochs.map(looseRecord),
      stepCount: this.steps.length,
      stepsTotal: stepsPerEpoch === null || planned === null ? null : stepsPerEpoch * planned,
      stepsPerEpoch,
      recorded: this.recorded,
      snapshots: await this.snapshots(),
      classes: this.classes,
    };
  }

  /** Steps of which weights are stored, ascending. */
  snapshots(): Promise<number[]> {
    return storedSteps(this.path);
  }

  /** Null where nothing was validated yet. */
  async errors(): Promise<RecordedErrors | null> {
    const text = await readSmall(join(this.path, errorsFile));
    try {
      return text === null ? null : (JSON.parse(text) as RecordedErrors);
    } catch {
      return null;
    }
  }

  #layerInfos(): LayerInfo[] {
    const infos = new Map<string, { -readonly [K in keyof LayerInfo]: LayerInfo[K] }>();
    for (const { layer, type, shape, kind } of this.layers.header.series) {
      const info = infos.get(layer) ?? { layer, type, shape, kinds: [] };
      if (!info.kinds.includes(kind)) info.kinds = [...info.kinds, kind];
      // The shape of the output, where there is one; a parameter has another.
      if (kind === "activations") info.shape = shape;
      infos.set(layer, info);
    }
    return [...infos.values()];
  }

  verdicts(): readonly VerdictText[] {
    const { summary, epochs } = this.head;
    const key = `${this.steps.length} ${this.layers.records.length} ${epochs.length} ${summary.status}`;
    if (this.#latest.key === key) return this.#latest.verdicts;
    let { epochs: done, verdicts } = this.#judged;
    while (done < epochs.length) {
      done++;
      verdicts = mergeVerdicts(verdicts, judge(this.layers, this.#window(done), this.classes.length));
    }
    this.#judged = { epochs: done, verdicts };
    const latest = this.#hasMoreThan(done) ? this.#judgeOpen(done + 1, verdicts) : verdicts;
    this.#latest = { key, verdicts: latest };
    return latest;
  }

  /** Whether there are steps of a later epoch than the last one with metrics. */
  #hasMoreThan(epochs: number): boolean {
    const column = this.steps.column("epoch");
    return (column[column.length - 1] ?? 0) > epochs;
  }

  /**
   * The stretch after the last whole epoch: what the rules say again and again while it is going on, and all of it where
   * the run has ended in it.
   */
  #judgeOpen(epoch: number, before: readonly VerdictText[]): readonly VerdictText[] {
    const window = this.#window(epoch);
    if (this.head.summary.status !== "running") {
      return mergeVerdicts(before, judge(this.layers, window, this.classes.length));
    }
    const found = this.#open.verdicts(this.layers, window, this.classes.length);
    const keys = new Set(found.map(keyOf));
    const known = new Map(before.map((verdict) => [keyOf(verdict), verdict.current]));
    // What the last whole epoch had stands until the next one is whole.
    return mergeVerdicts(before, found).map((verdict) => {
      const key = keyOf(verdict);
      return keys.has(key) ? verdict : { ...verdict, current: known.get(key) ?? verdict.current };
    });
  }

  #window(epoch: number): Window {
    const [epochs, steps] = [this.steps.column("epoch"), this.steps.column("step")];
    const begin = firstAtLeast(epochs, epoch);
    const end = firstAtLeast(epochs, epoch + 1);
    const start = steps[begin] ?? 0;
    const lastStep = steps[end - 1] ?? start;
    // A short epoch may have no record of its own: then the newest one before its end speaks.
    const newest = this.layers.records[this.layers.recordAt(lastStep + 1) - 1]?.step ?? start;
    return {
      epoch,
      firstStep: Math.min(start, newest),
      lastStep,
      losses: [...this.steps.column("loss").subarray(0, end)],
      epochs: this.head.epochs.slice(0, epoch),
    };
  }
}

/** Position of the first value that is at least this, in ascending values. */
function firstAtLeast(values: Float64Array, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
