/**
 * What was wrong with a run, epoch by epoch, as sentences in every language of the page.
 */
import { findAll, verdictOf } from "../inspect/diagnose.ts";
import type { LayerHistory, Observations, UpdateHistory } from "../inspect/index.ts";
import type { LayerKind } from "../train/recording/layer-log.ts";
import { statisticsFields } from "../train/recording/layer-log.ts";
import type { LayerTable } from "./layer-table.ts";
import { loose } from "./loose.ts";
import type { VerdictText } from "./protocol.ts";

/** A stretch of the training that is judged as a whole. */
export interface Window {
  readonly epoch: number;
  readonly firstStep: number;
  readonly lastStep: number;
  /** Losses of all steps up to its end. */
  readonly losses: readonly number[];
  /** Metrics of all epochs up to its end. */
  readonly epochs: readonly Readonly<Record<string, number>>[];
}

/** Records of a window that are looked at, evenly spaced; those with NaN besides. */
const most = 64;

/**
 * Judges a window.
 *
 * @param classes Number of classes; 0 where it is not known.
 * @param only Name of a rule, where the others need not be asked.
 */
export function judge(
  table: LayerTable,
  window: Window,
  classes: number,
  only?: string,
): readonly VerdictText[] {
  const data: Observations = {
    activations: historiesOf(table, window, "activations"),
    gradients: historiesOf(table, window, "gradients"),
    updateRatios: updatesOf(table, window),
    losses: window.losses,
    epochs: window.epochs.map(meansOf),
    ...(classes === 0 ? {} : { classes }),
  };
  return findAll(data, only).map((finding) => {
    const { rule, layer, severity, value, threshold, message, cure, topic } = verdictOf(finding, "en");
    const japanese = verdictOf(finding, "ja");
    return {
      rule,
      ...(layer === undefined ? {} : { layer }),
      severity,
      value: loose(value),
      threshold,
      epoch: window.epoch,
      step: window.lastStep,
      current: true,
      text: { en: { message, cure }, ja: { message: japanese.message, cure: japanese.cure } },
      topic,
    };
  });
}

/** Epochs that are all judged; later ones are so many while their number doubles. */
const judgedPerDoubling = 64;

/**
 * Whether the rules are asked at the end of an epoch. They look at all that was before, so asking at each of thousands would
 * take minutes when such a run is opened, and more than its training while it goes on.
 */
export function isJudged(epoch: number): boolean {
  return epoch % 2 ** Math.max(0, Math.floor(Math.log2(epoch / judgedPerDoubling))) === 0;
}

/** Verdicts of the newest window beside what was known: what comes again keeps the step at which it was found first. */
export function mergeVerdicts(known: readonly VerdictText[], newest: readonly VerdictText[]): VerdictText[] {
  const before = new Map(known.map((verdict) => [keyOf(verdict), verdict]));
  const found = newest.map((verdict) => {
    const first = before.get(keyOf(verdict));
    before.delete(keyOf(verdict));
    return first === undefined ? verdict : { ...verdict, epoch: first.epoch, step: first.step };
  });
  return [...found, ...[...before.values()].map((verdict) => ({ ...verdict, current: false }))];
}

/** What makes two verdicts the same one. */
export const keyOf = ({ rule, layer }: VerdictText): string => `${rule} ${layer ?? ""}`;

type Means = NonNullable<Observations["epochs"]>[number];

/** Means of epochs that were judged before. */
const knownMeans = new WeakMap<Readonly<Record<string, number>>, Means>();

function meansOf(metrics: Readonly<Record<string, number>>): Means {
  const known = knownMeans.get(metrics);
  if (known !== undefined) return known;
  const means = separated(metrics);
  knownMeans.set(metrics, means);
  return means;
}

function separated(metrics: Readonly<Record<string, number>>): Means {
  const prefix = "validation_";
  const entries = Object.entries(metrics);
  const train = Object.fromEntries(entries.filter(([name]) => !name.startsWith(prefix)));
  const measured = entries.flatMap(([name, value]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
  );
  return measured.length === 0 ? { train } : { train, validation: Object.fromEntries(measured) };
}

interface Place {
  readonly step: number;
  readonly at: number;
}

function placesOf(table: LayerTable, index: number, { firstStep, lastStep }: Window): readonly Place[] {
  return table.places(index, table.recordAt(firstStep), table.recordAt(lastStep + 1));
}

function thinned(places: readonly Place[], isBad: (place: Place) => boolean): readonly Place[] {
  if (places.length <= most) return places;
  const every = places.length / most;
  const chosen = new Set(Array.from({ length: most }, (_, i) => Math.floor((i + 1) * every) - 1));
  return places.filter((place, i) => chosen.has(i) || isBad(place));
}

function historiesOf(table: LayerTable, window: Window, kind: LayerKind): LayerHistory[] {
  const { numbers } = table;
  const { bins } = table.header;
  const nonFinite = statisticsFields.indexOf("nonFinite");
  return table
    .seriesWhere((s) => s.kind === kind)
    .flatMap((index) => {
      const series = table.header.series[index];
      const places = thinned(placesOf(table, index, window), ({ at }) => numbers[at + nonFinite] !== 0);
      if (series === undefined || places.length === 0) return [];
      const { layer, type, shape } = series;
      return [
        { layer, type, shape, steps: places.map((place) => new StoredStatistics(numbers, place, bins)) },
      ];
    });
}

function updatesOf(table: LayerTable, window: Window): UpdateHistory[] {
  const { numbers } = table;
  return table
    .seriesWhere((s) => s.kind === "updates")
    .flatMap((index) => {
      const series = table.header.series[index];
      const places = thinned(placesOf(table, index, window), () => false);
      if (series === undefined || places.length === 0) return [];
      const steps = places.map(({ step, at }) => {
        const [update, weight] = [numbers[at] as number, numbers[at + 1] as number];
        return { step, update, weight, ratio: update / weight };
      });
      return [{ parameter: series.parameter ?? series.layer, shape: series.shape, steps }];
    });
}

type Field = (typeof statisticsFields)[number];

/** Statistics as they lie in the table; a histogram is made of them only for the rules that look at it. */
class StoredStatistics {
  readonly step: number;
  readonly #numbers: Float32Array;
  readonly #at: number;
  readonly #bins: number;

  constructor(numbers: Float32Array, { step, at }: Place, bins: number) {
    this.step = step;
    this.#numbers = numbers;
    this.#at = at;
    this.#bins = bins;
  }

  #field(name: Field): number {
    return this.#numbers[this.#at + statisticsFields.indexOf(name)] as number;
  }

  get mean(): number {
    return this.#field("mean");
  }
  get std(): number {
    return this.#field("std");
  }
  get min(): number {
    return this.#field("min");
  }
  get max(): number {
    return this.#field("max");
  }
  get zeros(): number {
    return this.#field("zeros");
  }
  get nonFinite(): number {
    return this.#field("nonFinite");
  }
  get dead(): number {
    return this.#field("dead");
  }

  get histogram(): { readonly edges: readonly number[]; readonly counts: readonly number[] } | null {
    const [low, high] = [this.min, this.max];
    if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
    const [from, to] = low === high ? [low - 1, high + 1] : [low, high];
    const start = this.#at + statisticsFields.length;
    return {
      edges: Array.from({ length: this.#bins + 1 }, (_, i) => from + ((to - from) * i) / this.#bins),
      counts: [...this.#numbers.subarray(start, start + this.#bins)],
    };
  }
}
