/**
 * One run's folder, read as it grows. Nothing is read before it is asked for, and nothing twice.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { errorsFile, type RecordedErrors } from "../train/recording/epoch-errors.ts";
import {
  type LayerHeader,
  layersFile,
  layersHeaderFile,
  parseLayerHeader,
} from "../train/recording/layer-log.ts";
import { parseRecording, type RecordingInfo, recordingFile } from "../train/recording/recording.ts";
import { snapshotsFolder } from "../train/recording/snapshots.ts";
import { stepsFile } from "../train/recording/step-log.ts";
import { readSmall } from "./confined-files.ts";
import { LayerTable } from "./layer-table.ts";
import { looseRecord } from "./loose.ts";
import { OpenEpoch } from "./open-epoch.ts";
import type { LayerInfo, RunDetail, VerdictText } from "./protocol.ts";
import { Remembered } from "./remembered.ts";
import type { RunHead, RunHeads } from "./run-head.ts";
import { StepTable } from "./step-table.ts";
import { storedSteps } from "./stored-weights.ts";
import { TailedFile } from "./tailed-file.ts";
import { isJudged, judge, keyOf, mergeVerdicts, type Window } from "./verdicts.ts";

/** A small file as `parse` has it; null where there is none. */
async function readAs<T>(path: string, parse: (text: string) => T | null): Promise<T | null> {
  const text = await readSmall(path);
  return text === null ? null : parse(text);
}

export class RunReader {
  readonly path: string;
  readonly steps: StepTable = new StepTable();
  readonly layers: LayerTable = new LayerTable();
  readonly #stepsTail: TailedFile;
  readonly #layersTail: TailedFile;
  readonly #heads: RunHeads;
  readonly #recordings: Remembered<RecordingInfo | null>;
  readonly #headers: Remembered<LayerHeader | null>;
  readonly #stored: Remembered<readonly number[]>;
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

  /** @param heads Of this run. */
  constructor(heads: RunHeads) {
    const { path } = heads;
    this.path = path;
    this.#heads = heads;
    const file = (name: string): string => join(path, name);
    this.#stepsTail = new TailedFile(file(stepsFile));
    this.#layersTail = new TailedFile(file(layersFile));
    this.#recordings = new Remembered([file(recordingFile)], () =>
      readAs(file(recordingFile), parseRecording),
    );
    this.#headers = new Remembered([file(layersHeaderFile)], () =>
      readAs(file(layersHeaderFile), parseLayerHeader),
    );
    this.#stored = new Remembered([file(snapshotsFolder)], () => storedSteps(path));
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
    this.#head = await this.#heads.get();
    this.#recording = await this.#recordings.get();
    const began = performance.now();
    await this.#readTail(this.#stepsTail, this.steps);
    await this.#readLayers();
    this.#readAt = began;
  }

  async #readTail(tail: TailedFile, table: StepTable | LayerTable): Promise<void> {
    for (;;) {
      const { reset, bytes, more } = tail.read();
      if (reset) this.#forget(table);
      if (bytes.length > 0) table.feed(bytes);
      if (!more) return;
      // Others have their turn between two pieces of a large file.
      await setImmediate();
    }
  }

  async #readLayers(): Promise<void> {
    const header = await this.#headers.get();
    if (header === null) return;
    if (header.series.length < this.layers.header.series.length) this.#forget(this.layers);
    if (header !== this.layers.header) {
      this.layers.adopt(header);
      this.layers.scan();
    }
    await this.#readTail(this.#layersTail, this.layers);
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
  snapshots(): Promise<readonly number[]> {
    return this.#stored.get();
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
    const { epochs, summary } = this.head;
    const key = this.#verdictKey();
    if (this.#latest.key === key) return this.#latest.verdicts;
    let { epochs: done, verdicts } = this.#judged;
    while (done < epochs.length) {
      done++;
      if (isJudged(done)) verdicts = this.#judgeEpoch(done, verdicts);
    }
    this.#judged = { epochs: done, verdicts };
    const latest = this.#hasMoreThan(done)
      ? this.#judgeOpen(done + 1, verdicts)
      : summary.status === "running" || isJudged(done)
        ? verdicts
        : this.#judgeEpoch(done, verdicts);
    this.#latest = { key, verdicts: latest };
    return latest;
  }

  /**
   * What verdicts are made from. While the run is going on new steps alone change none, unless the loss is no number any more:
   * rules are asked at records.
   */
  #verdictKey(): string {
    const { summary, epochs } = this.head;
    const [step, epoch, loss] = (["step", "epoch", "loss"] as const).map((name) =>
      this.steps.column(name).at(-1),
    );
    const seen = this.layers.recordAt((step ?? 0) + 1);
    const open = `${seen} ${epoch} ${Number.isFinite(loss ?? 0)}`;
    return `${summary.status} ${epochs.length} ${summary.status === "running" ? open : `${this.steps.length} ${seen}`}`;
  }

  #judgeEpoch(epoch: number, before: readonly VerdictText[]): readonly VerdictText[] {
    return mergeVerdicts(before, judge(this.layers, this.#window(epoch), this.classes.length));
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
      return this.#judgeEpoch(epoch, before);
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
      losses: Array.from(this.steps.column("loss").subarray(0, end)),
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
