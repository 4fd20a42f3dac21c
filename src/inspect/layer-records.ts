/**
 * What recorders of layers share: which layers they watch, which steps they record, and the records themselves, which
 * wait on the device side until they are asked for.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import { type RemovableHandle, Tensor } from "../tensor/tensor.ts";
import { FeatureAxes } from "./feature-axis.ts";
import { rowsAsTensor, rowsOf } from "./record-rows.ts";
import {
  type HistogramLayout,
  readStatistics,
  type Statistics,
  statisticsLength,
  statisticsNode,
} from "./statistics.ts";

/** What to record, and when. */
export interface RecordOptions {
  /** Which modules to watch. Default: those without children. */
  readonly layers?: (name: string, module: Module) => boolean;
  /** Bins of the histogram. Default 40. */
  readonly bins?: number;
  /**
   * Bounds of the histogram, for all layers or layer by layer; elements outside are not counted. Default: the smallest
   * and the largest element of the same step.
   */
  readonly range?: readonly [number, number] | ((layer: string) => readonly [number, number] | undefined);
  /** Every how many steps to record; a recorded step takes longer, by 5 to 10% in a small CNN. Default 1: all. */
  readonly every?: number;
  /** Elements that a histogram counts at most, evenly spaced; the other statistics are of all. Default 4096. */
  readonly samples?: number;
  /** Whether calls in evaluation mode are steps too. Default false. */
  readonly evaluation?: boolean;
  /** Steps that are kept of each layer, the newest. Default: all. */
  readonly keep?: number;
}

const optionNames = ["layers", "bins", "range", "every", "samples", "evaluation", "keep"];

/** Statistics of one step. */
export interface StepStatistics extends Statistics {
  /** Counts the calls of the model since recording began, from 1. */
  readonly step: number;
}

/** What was recorded of one layer. */
export interface LayerHistory {
  /** Path in the model; a second call in the same step is `path#2`. */
  readonly layer: string;
  /** Class of the layer. */
  readonly type: string;
  /** Shape of the tensor in the latest step. */
  readonly shape: Shape;
  readonly steps: readonly StepStatistics[];
}

/**
 * What a recorder has gathered, for a training that is saved: numbers and tensors only, as a checkpoint holds them.
 *
 * @example
 * const stats = new inspect.ActivationStats(model);
 * model(images);
 * const state: inspect.LayerRecordsState = await stats.stateDict();
 * [state.step, state.series.length, state.values.shape]; // [1, 6, [6, 49]]
 * stats.remove();
 */
export type LayerRecordsState = {
  readonly step: number;
  readonly series: readonly {
    readonly name: string;
    readonly layer: string;
    readonly type: string;
    readonly featureAxis: number;
    readonly steps: readonly number[];
    readonly shapes: readonly Shape[];
  }[];
  /** A row for each record of each series, in order. */
  readonly values: Tensor;
};

/** Its numbers as the engine gave them. */
interface ReadEntry {
  readonly step: number;
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** A record whose numbers the engine still holds, or that has been read. */
type Entry = { readonly step: number; readonly shape: Shape; readonly tensor: Tensor } | ReadEntry;

interface Series {
  readonly layer: string;
  readonly type: string;
  readonly layout: HistogramLayout;
  shape: Shape;
  entries: Entry[];
}

/**
 * Base of the recorders: counts steps at the model's calls and keeps the records of each layer.
 *
 * @example
 * const records: inspect.LayerRecords = new inspect.ActivationStats(model, { every: 10 });
 * model(images);
 * (await records.history())[0].shape; // [16, 8, 8, 8]
 * records.remove();
 */
export abstract class LayerRecords {
  readonly #options: RecordOptions;
  readonly #every: number;
  readonly #series = new Map<string, Series>();
  readonly #handles: RemovableHandle[] = [];
  readonly #calls = new Map<string, number>();
  readonly #featureAxes = new FeatureAxes();
  #step = 0;
  /** Whether the step that is going on is recorded. */
  protected recording = false;

  /**
   * @param more names of options that a kind of records has beside these
   * @throws ArgumentError for options that there are not, or out of range.
   */
  constructor(model: Module, options: RecordOptions, more: readonly string[] = []) {
    const name = this.constructor.name;
    checkOptions(options, [...optionNames, ...more], name, { flags: ["evaluation"] });
    checkRanges(options, name);
    this.#options = options;
    this.#every = options.every ?? 1;
    this.own(model.registerForwardPreHook(() => this.#begin(model.training)));
  }

  /** Modules to watch by name. @throws ArgumentError when there is none. */
  protected watched(model: Module): [string, Module][] {
    const wanted = this.#options.layers ?? ((_: string, module: Module) => module.children().length === 0);
    const found = model
      .namedModules()
      .map(([path, module]): [string, Module] => [path === "" ? module.constructor.name : path, module])
      .filter(([path, module]) => wanted(path, module));
    if (found.length > 0) return found;
    const names = model.namedModules().map(([path]) => path);
    throw new ArgumentError(
      `${this.constructor.name}: no layer was chosen; the model has ${names.filter(Boolean).join(", ")}`,
      { names },
    );
  }

  /**
   * Calls `see` with every output of the watched layers (the first tensor where a layer gives several), and the axis
   * along which its features lie. @throws ArgumentError when there is no layer to watch.
   */
  protected watchOutputs(
    model: Module,
    see: (name: string, type: string, output: Node, featureAxis: number) => void,
  ): void {
    const names = new Map(this.watched(model).map(([name, module]) => [module, name]));
    // Layers that nobody watches still say where the features of those behind them lie.
    for (const module of model.modules()) {
      const watcher = (_module: unknown, output: unknown): void => {
        const first: unknown = Array.isArray(output) ? output[0] : output;
        if (!(first instanceof Tensor)) return;
        const axis = this.#featureAxes.after(module, first.ndim);
        const name = names.get(module);
        if (name !== undefined) see(name, module.constructor.name, first.node, axis);
      };
      this.own(module.__watch__(watcher));
    }
  }

  /** Keeps a handle, to be removed with the recorder. */
  protected own(handle: RemovableHandle): void {
    this.#handles.push(handle);
  }

  #begin(training: boolean): void {
    this.recording = false;
    if (!training && this.#options.evaluation !== true) return;
    this.#step++;
    this.#calls.clear();
    this.#featureAxes.clear();
    this.recording = (this.#step - 1) % this.#every === 0;
  }

  /** Records a tensor, if this step is recorded. */
  protected record(layer: string, type: string, node: Node, featureAxis: number): void {
    if (!this.recording || sizeOf(node.shape) === 0) return;
    const call = (this.#calls.get(layer) ?? 0) + 1;
    this.#calls.set(layer, call);
    const series = this.#seriesOf(call === 1 ? layer : `${layer}#${call}`, layer, type, featureAxis);
    // Made here, so that the statistics are part of the step's own program.
    const tensor = Tensor.of(statisticsNode(node, series.layout));
    series.shape = node.shape;
    series.entries.push({ step: this.#step, shape: node.shape, tensor });
    const { keep } = this.#options;
    if (keep !== undefined && series.entries.length > keep) series.entries.shift();
  }

  #seriesOf(key: string, layer: string, type: string, featureAxis: number): Series {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const made = { layer, type, layout: this.#layoutOf(layer, featureAxis), shape: [], entries: [] };
    this.#series.set(key, made);
    return made;
  }

  #layoutOf(layer: string, featureAxis: number): HistogramLayout {
    const { range, samples = 4096 } = this.#options;
    const bounds = typeof range === "function" ? range(layer) : range;
    if (bounds !== undefined) checkBounds(bounds, this.constructor.name);
    return { bins: this.#bins, range: bounds, samples, featureAxis };
  }

  get #bins(): number {
    return this.#options.bins ?? 40;
  }

  /** Everything recorded, layer by layer in the order of the first record. */
  async history(): Promise<LayerHistory[]> {
    const all = [...this.#series].map(async ([layer, series]): Promise<LayerHistory> => {
      const { type, shape } = series;
      const steps = (await readAll(series)).map((entry) => statisticsOf(entry, series));
      return { layer, type, shape, steps };
    });
    return Promise.all(all);
  }

  /** The newest record of each layer, by its name. */
  async latest(): Promise<Record<string, StepStatistics>> {
    const newest = [...this.#series].flatMap(([layer, series]) => {
      const entry = series.entries.at(-1);
      return entry === undefined ? [] : [{ layer, series, entry }];
    });
    return Object.fromEntries(
      await Promise.all(
        newest.map(
          async ({ layer, series, entry }) => [layer, statisticsOf(await readEntry(entry), series)] as const,
        ),
      ),
    );
  }

  /** Everything recorded, and the number of the step, for a training that is saved. */
  async stateDict(): Promise<LayerRecordsState> {
    const step = this.#step;
    const all = await Promise.all(
      [...this.#series].map(async ([name, series]) => ({ name, series, entries: await readAll(series) })),
    );
    return {
      step,
      series: all.map(({ name, series: { layer, type, layout }, entries }) => ({
        ...{ name, layer, type, featureAxis: layout.featureAxis },
        steps: entries.map((entry) => entry.step),
        shapes: entries.map((entry) => entry.shape),
      })),
      values: rowsAsTensor(
        all.flatMap(({ entries }) => entries.map((entry) => entry.values)),
        statisticsLength({ bins: this.#bins }),
      ),
    };
  }

  /**
   * Goes on from what `stateDict` gave, in a training that is resumed: which steps are recorded follows from their number.
   * Records with another number of bins are left out.
   */
  async loadStateDict({ step, series, values }: LayerRecordsState): Promise<void> {
    this.#step = step;
    this.#series.clear();
    const count = series.reduce((n, { steps }) => n + steps.length, 0);
    const rows = await rowsOf(values, statisticsLength({ bins: this.#bins }), count);
    if (rows === null) return;
    let row = 0;
    for (const { name, layer, type, featureAxis, steps, shapes } of series) {
      const made = this.#seriesOf(name, layer, type, featureAxis);
      made.entries = steps.map((at, i) => ({ step: at, shape: shapes[i] as Shape, values: rows(row++) }));
      made.shape = shapes.at(-1) ?? [];
    }
  }

  /** Forgets what was recorded; recording goes on. */
  clear(): void {
    this.#series.clear();
  }

  /** Ends recording and takes all hooks off; what was recorded stays readable. */
  remove(): void {
    this.recording = false;
    for (const handle of this.#handles.splice(0)) handle.remove();
  }

  /** `remove`, for `using`. */
  [Symbol.dispose](): void {
    this.remove();
  }
}

async function readEntry(entry: Entry): Promise<ReadEntry> {
  if (!("tensor" in entry)) return entry;
  const { step, shape, tensor } = entry;
  return { step, shape, values: await tensor.data() };
}

/** Reads what the engine still holds, and keeps it. */
async function readAll(series: Series): Promise<ReadEntry[]> {
  const entries = await Promise.all(series.entries.map(readEntry));
  // Records may have been added meanwhile.
  const read = new Map(entries.map((entry) => [entry.step, entry]));
  series.entries = series.entries.map((entry) => read.get(entry.step) ?? entry);
  return entries;
}

function statisticsOf({ step, shape, values }: ReadEntry, { layout }: Series): StepStatistics {
  return { step, ...readStatistics(values, shape, layout) };
}

function checkRanges(options: RecordOptions, owner: string): void {
  for (const name of ["bins", "every", "samples", "keep"] as const) {
    const value = options[name];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    if (name === "samples" && value === Number.POSITIVE_INFINITY) continue;
    throw new ArgumentError(`${owner}: ${name} must be an integer of 1 or more; got ${value}`, {
      [name]: value,
    });
  }
  if (options.range !== undefined && typeof options.range !== "function") checkBounds(options.range, owner);
}

function checkBounds(range: readonly [number, number], owner: string): void {
  const [low, high] = range;
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new ArgumentError(`${owner}: range must be two finite numbers, low < high; got [${low}, ${high}]`, {
    range,
  });
}
