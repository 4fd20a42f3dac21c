/**
 * How far each step moves the weights.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { binary, cast, detach, reshape } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import type { Module, Parameter } from "../nn/index.ts";
import { concatenate, deviation } from "../ops/index.ts";
import type { Optimizer } from "../optim/index.ts";
import { type RemovableHandle, Tensor } from "../tensor/tensor.ts";
import { rowsAsTensor, rowsOf } from "./record-rows.ts";

/** One parameter in one step. */
export interface StepUpdate {
  /** Counts the optimizer's steps since recording began, from 1. */
  readonly step: number;
  /** Standard deviation of new minus old values. */
  readonly update: number;
  /** Standard deviation of the old values. */
  readonly weight: number;
  /** update / weight; Infinity, or NaN without an update, where all old values were equal. About 1e-3 is usual. */
  readonly ratio: number;
}

/** What was recorded of one parameter. */
export interface UpdateHistory {
  readonly parameter: string;
  readonly shape: readonly number[];
  readonly steps: readonly StepUpdate[];
}

/** When to record. */
export interface UpdateRatioOptions {
  /** Every how many steps to record. Default 1: all. */
  readonly every?: number;
  /** Steps that are kept of each parameter, the newest. Default: all. */
  readonly keep?: number;
}

/** What was recorded, for a training that is saved: numbers and tensors only, as a checkpoint holds them. */
export type UpdateRatiosState = {
  readonly step: number;
  readonly series: readonly {
    readonly parameter: string;
    readonly shape: readonly number[];
    readonly steps: readonly number[];
  }[];
  /** A row for each record of each parameter, in order: the spread of the update and of the weights. */
  readonly values: Tensor;
};

type Entry = { readonly step: number; readonly tensor: Tensor } | StepUpdate;

interface Series {
  readonly shape: readonly number[];
  entries: Entry[];
}

/**
 * The records that {@link updateRatios} begins.
 *
 * @example
 * const ratios: inspect.UpdateRatios = inspect.updateRatios(model, optimizer);
 * F.crossEntropy(model(images.add(1)), labels).backward();
 * await optimizer.step();
 * (await ratios.history()).map((record) => record.steps.length); // [1, 1, 1, 1, 1, 1]
 * ratios.remove();
 */
export class UpdateRatios {
  readonly #entries = new Map<string, Series>();
  readonly #parameters: readonly [string, Parameter][];
  readonly #keep: number;
  readonly #every: number;
  readonly #handles: readonly RemovableHandle[];
  #before: readonly Node[] = [];
  #step = 0;

  /** @internal Made by `updateRatios`. */
  constructor(model: Module, optimizer: Optimizer, { every = 1, keep }: UpdateRatioOptions) {
    this.#every = every;
    this.#keep = keep ?? Number.POSITIVE_INFINITY;
    const learned = new Set(optimizer.paramGroups.flatMap((group) => group.params));
    this.#parameters = model.namedParameters().filter(([, p]) => learned.has(p));
    if (this.#parameters.length === 0) {
      throw new ArgumentError(
        "updateRatios: the optimizer has none of the model's parameters; pass the one that trains this model",
      );
    }
    this.#handles = [
      optimizer.registerStepPreHook(() => this.#begin()),
      optimizer.registerStepPostHook(() => this.#end()),
    ];
  }

  #begin(): void {
    this.#step++;
    const recorded = (this.#step - 1) % this.#every === 0;
    this.#before = recorded ? this.#parameters.map(([, p]) => p.node) : [];
  }

  #end(): void {
    this.#before.forEach((before, i) => {
      const [name, p] = this.#parameters[i] as [string, Parameter];
      // A parameter without a gradient stays what it was.
      if (p.node !== before) this.#record(name, before, p.node);
    });
    this.#before = [];
  }

  #record(name: string, before: Node, after: Node): void {
    const tensor = Tensor.of(movement(before, after));
    const series = this.#entries.get(name) ?? { shape: before.shape, entries: [] };
    this.#entries.set(name, series);
    series.entries.push({ step: this.#step, tensor });
    if (series.entries.length > this.#keep) series.entries.shift();
  }

  /** Everything recorded, parameter by parameter. */
  async history(): Promise<UpdateHistory[]> {
    const all = [...this.#entries].map(async ([parameter, series]) => ({
      parameter,
      shape: series.shape,
      steps: await readAll(series),
    }));
    return Promise.all(all);
  }

  /** The newest record of each parameter, by its name. */
  async latest(): Promise<Record<string, StepUpdate>> {
    const newest = [...this.#entries].flatMap(([name, { entries }]) => {
      const entry = entries.at(-1);
      return entry === undefined ? [] : [{ name, entry }];
    });
    const read = newest.map(async ({ name, entry }) => [name, await readEntry(entry)] as const);
    return Object.fromEntries(await Promise.all(read));
  }

  /** Everything recorded, and the number of the step, for a training that is saved. */
  async stateDict(): Promise<UpdateRatiosState> {
    const step = this.#step;
    const all = await this.history();
    const rows = all.flatMap(({ steps }) => steps.map(({ update, weight }) => [update, weight]));
    return {
      step,
      series: all.map(({ parameter, shape, steps }) => ({
        parameter,
        shape,
        steps: steps.map((s) => s.step),
      })),
      values: rowsAsTensor(rows, 2),
    };
  }

  /** Goes on from what `stateDict` gave, in a training that is resumed: which steps are recorded follows from their number. */
  async loadStateDict({ step, series, values }: UpdateRatiosState): Promise<void> {
    this.#step = step;
    this.#entries.clear();
    const count = series.reduce((n, { steps }) => n + steps.length, 0);
    const rows = await rowsOf(values, 2, count);
    if (rows === null) return;
    let row = 0;
    for (const { parameter, shape, steps } of series)
      this.#entries.set(parameter, { shape, entries: steps.map((at) => stepUpdate(at, rows(row++))) });
  }

  /** Forgets what was recorded; recording goes on. */
  clear(): void {
    this.#entries.clear();
  }

  /** Ends recording; the optimizer is as it was before. */
  remove(): void {
    for (const handle of this.#handles) handle.remove();
  }

  /** `remove`, for `using`. */
  [Symbol.dispose](): void {
    this.remove();
  }
}

/**
 * Records, for every parameter and step, how large the update is beside the weights: std(new - old) / std(old), computed
 * in the step's own program. About 1e-3 is healthy; far above it training is unstable, far below it stands still.
 *
 * A. Karpathy, "Building makemore, part 3: activations and gradients, BatchNorm", 2022.
 *
 * @throws ArgumentError for options out of range, or an optimizer that trains none of the model's parameters.
 * @example
 * const ratios = inspect.updateRatios(model, optimizer);
 * F.crossEntropy(model(images.add(1)), labels).backward();
 * await optimizer.step();
 * const { "0.weight": first } = await ratios.latest();
 * ratios.remove();
 * console.log(first?.ratio);
 */
export function updateRatios(
  model: Module,
  optimizer: Optimizer,
  options: UpdateRatioOptions = {},
): UpdateRatios {
  checkOptions(options, ["every", "keep"], "updateRatios");
  for (const name of ["every", "keep"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new ArgumentError(`updateRatios: ${name} must be an integer of 1 or more; got ${value}`, {
        [name]: value,
      });
    }
  }
  return new UpdateRatios(model, optimizer, options);
}

/** Spread of the update and of the old values. Reading the old ones keeps them until the end of the program. */
function movement(before: Node, after: Node): Node {
  return withGradMode(false, () => {
    const old = detach(before);
    // A single value has no spread: divided by n it is 0, by n - 1 it is no number.
    const unbiased = before.shape.some((s) => s !== 1);
    const spread = (n: Node): Node => reshape(cast(deviation(n, { unbiased }), "float32"), [1]);
    return concatenate([spread(binary("sub", detach(after), old)), spread(old)], 0);
  });
}

async function readEntry(entry: Entry): Promise<StepUpdate> {
  return "tensor" in entry ? stepUpdate(entry.step, await entry.tensor.data()) : entry;
}

/** Reads what the engine still holds, and keeps it. */
async function readAll(series: Series): Promise<StepUpdate[]> {
  const steps = await Promise.all(series.entries.map(readEntry));
  // Records may have been added meanwhile.
  const read = new Map(steps.map((s) => [s.step, s]));
  series.entries = series.entries.map((entry) => read.get(entry.step) ?? entry);
  return steps;
}

function stepUpdate(step: number, values: ArrayLike<number>): StepUpdate {
  const [update = Number.NaN, weight = Number.NaN] = Array.from(values);
  return { step, update, weight, ratio: update / weight };
}
