/**
 * Watches the layers of a network in single steps, and turns what they did into the numbers of a layer log.
 *
 * Hooks are on only while a step is watched: layers that anybody may look at hand on their outputs as values, which would
 * slow every other step down.
 */
import {
  ActivationStats,
  GradientStats,
  type LayerHistory,
  type StepStatistics,
  type UpdateHistory,
  type UpdateRatios,
  updateRatios,
} from "../../inspect/index.ts";
import type { Module } from "../../nn/index.ts";
import type { Optimizer } from "../../optim/index.ts";
import type { LayerKind, LayerSeries } from "./layer-log.ts";

/** What one series gave in one step. */
export interface SeriesNumbers {
  readonly series: LayerSeries;
  readonly numbers: readonly number[];
}

interface Hooks {
  readonly activations: ActivationStats;
  readonly gradients: GradientStats;
  readonly updates: UpdateRatios | null;
}

/**
 * Watches one step at a time: `begin` before it, `end` when its program is under way, `read` when that has ended. The next step
 * may be watched by then.
 */
export class LayerRecorder {
  readonly #model: Module;
  readonly #optimizer: Optimizer | null;
  readonly #bins: number;
  readonly #types: ReadonlyMap<string, string>;
  #hooks: Hooks | null = null;
  /** What hooks saw that were taken off. */
  #seen: Hooks | null = null;

  /** @param optimizer Null where it is none of the library's: then there are no updates. */
  constructor(model: Module, optimizer: Optimizer | null, bins: number) {
    this.#model = model;
    this.#optimizer = optimizer;
    this.#bins = bins;
    this.#types = new Map(model.namedModules().map(([name, module]) => [name, module.constructor.name]));
  }

  begin(): void {
    if (this.#hooks !== null) return;
    const options = { bins: this.#bins };
    const updates = this.#optimizer === null ? null : updateRatios(this.#model, this.#optimizer);
    this.#hooks = {
      activations: new ActivationStats(this.#model, options),
      gradients: new GradientStats(this.#model, options),
      updates,
    };
  }

  /** Takes the hooks off. */
  end(): void {
    if (this.#hooks === null) return;
    const { activations, gradients, updates } = this.#hooks;
    for (const recorder of [activations, gradients, updates]) recorder?.remove();
    [this.#seen, this.#hooks] = [this.#hooks, null];
  }

  /** What a step gave, whose hooks are taken off if they are on. Its own program computed the numbers, so reading them waits for nothing. */
  async read(): Promise<readonly SeriesNumbers[]> {
    if (this.#seen === null) this.end();
    const seen = this.#seen;
    this.#seen = null;
    if (seen === null) return [];
    const [activations, gradients, updates] = await Promise.all([
      seen.activations.history(),
      seen.gradients.history(),
      seen.updates?.history() ?? [],
    ]);
    return [
      ...activations.flatMap((history) => this.#statistics("activations", history)),
      ...gradients.flatMap((history) => this.#statistics("gradients", history)),
      ...updates.flatMap((history) => this.#update(history)),
    ];
  }

  #statistics(kind: LayerKind, { layer, type, shape, steps }: LayerHistory): SeriesNumbers[] {
    const last = steps.at(-1);
    if (last === undefined) return [];
    return [{ series: { kind, layer, type, shape }, numbers: numbersOf(last, this.#bins) }];
  }

  #update({ parameter, shape, steps }: UpdateHistory): SeriesNumbers[] {
    const last = steps.at(-1);
    if (last === undefined) return [];
    const layer = parameter.slice(0, Math.max(0, parameter.lastIndexOf(".")));
    const type = this.#types.get(layer) ?? "";
    const series: LayerSeries = { kind: "updates", layer, type, shape, parameter };
    return [{ series, numbers: [last.update, last.weight] }];
  }
}

function numbersOf(s: StepStatistics, bins: number): readonly number[] {
  const counts = s.histogram?.counts ?? new Array<number>(bins).fill(0);
  return [s.mean, s.std, s.min, s.max, s.zeros, s.nonFinite, s.dead, ...counts];
}
