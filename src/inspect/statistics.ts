/**
 * Statistics of one tensor as one small tensor: fused reductions in the program that computes the tensor anyway. The
 * engine gives sums, counts and extremes; means and shares are made of them here, in double precision.
 */
import type { Shape } from "../base/shape.ts";
import { sizeOf } from "../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  expand,
  iota,
  permute,
  reduce,
  reshape,
  scalar,
  slice,
  unary,
  where,
} from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import { composite } from "../graph/template.ts";
import { concatenate } from "../ops/index.ts";

/** How many elements fall between edges, which are evenly spaced; the last bin holds its upper edge too. */
export interface Histogram {
  /** Bounds of the bins: one more than there are bins. */
  readonly edges: readonly number[];
  /** Elements in each bin. Of a large tensor a sample is counted: four neighbours at a time, at even distances. */
  readonly counts: readonly number[];
}

/** What is recorded of a tensor. NaN among the elements makes mean, std, min and max NaN, as in PyTorch. */
export interface Statistics {
  readonly mean: number;
  /** Standard deviation, divided by n - 1 as `Tensor.std`. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Share of elements that are 0. */
  readonly zeros: number;
  /** Share of elements that are NaN or infinite. */
  readonly nonFinite: number;
  /**
   * Share of features whose elements are all 0: of channels in (N, C, H, W) and in (N, C, L) behind a `Conv1d` or
   * `BatchNorm1d`, of units in (N, D) and in (N, L, D) behind a `Linear`, `LayerNorm` or `Embedding`.
   */
  readonly dead: number;
  /** Null where the range is not finite. */
  readonly histogram: Histogram | null;
}

/** How the histogram is made. */
export interface HistogramLayout {
  readonly bins: number;
  /** Fixed bounds; else the smallest and largest element. */
  readonly range: readonly [number, number] | undefined;
  /** Elements that are counted at most. */
  readonly samples: number;
  /** The axis whose entries `dead` counts. */
  readonly featureAxis: number;
}

const fields = ["shift", "sum", "squares", "min", "max", "zeros", "nonFinite", "dead"] as const;
type Field = (typeof fields)[number];

/** How many numbers {@link statisticsNode} gives. */
export function statisticsLength({ bins }: Pick<HistogramLayout, "bins">): number {
  return fields.length + bins + 1;
}

/**
 * The statistics of a tensor, flat: the fields, then how many sampled elements lie below each edge of the histogram.
 * No gradient flows through.
 */
export function statisticsNode(x: Node, layout: HistogramLayout): Node {
  const { range, bins, samples, featureAxis } = layout;
  const bound = (i: 0 | 1): Node | null => (range === undefined ? null : scalar(range[i], "float32"));
  return withGradMode(false, () => whole([x, bound(0), bound(1)], bins, samples, featureAxis)[0]);
}

type Operands = readonly [x: Node, low: Node | null, high: Node | null];
type Form = Omit<HistogramLayout, "range">;

const whole = composite(
  "statistics",
  ([x, low, high]: Operands, bins: number, samples: number, featureAxis: number): [Node] => {
    const form = { bins, samples, featureAxis };
    const v = cast(x, "float32");
    const values = fieldsOf(v, featureAxis);
    const parts = fields.map((name) => reshape(values[name], [1]));
    const placed = placesOf(v, [low ?? values.min, high ?? values.max], form);
    return [concatenate([...parts, countsBelow(low === null ? within(placed, form) : placed, form)], 0)];
  },
);

function fieldsOf(x: Node, featureAxis: number): Record<Field, Node> {
  const axes = x.shape.map((_, d) => d);
  const inside = axes.filter((d) => d !== featureAxis);
  const ofAll = (fn: "sum" | "fmin" | "fmax", of: Node): Node => reduce(fn, reduce(fn, of, inside), axes);
  const [sum, squares] = [ofAll("sum", x), ofAll("sum", binary("mul", x, x))];
  const zeros = count(compare("eq", x, like(0, x)), inside);
  const perFeature = sizeOf(inside.map((d) => x.shape[d] as number));
  const first = { sum, squares, min: ofAll("fmin", x), max: ofAll("fmax", x) };
  return {
    ...lookedAtAgain(x, first),
    zeros: cast(reduce("sum", zeros, axes), "float32"),
    dead: reduce("sum", cast(compare("eq", zeros, like(perFeature, zeros)), "float32"), axes),
  };
}

type FirstLook = Readonly<Record<"sum" | "squares" | "min" | "max", Node>>;

/**
 * What one pass of few instructions has told, or where that is not enough, what a second one finds. It runs only where
 * something is not finite, or where squares of a large mean would swallow a small spread.
 */
function lookedAtAgain(x: Node, first: FirstLook): Record<Exclude<Field, "zeros" | "dead">, Node> {
  const axes = x.shape.map((_, d) => d);
  const { sum, squares } = first;
  const mean = binary("mul", sum, like(1 / sizeOf(x.shape), sum));
  const ofMean = binary("mul", sum, mean);
  const spread = binary("sub", squares, ofMean);
  const wide = compare("le", ofMean, binary("mul", spread, like(mostOfMean, spread)));
  const again = unary("not", binary("and", wide, finite(spread)));
  const found = (fn: "sum" | "min" | "max", of: Node, none: number): Node =>
    reduce(fn, where(expand(again, of.shape), of, like(none, of)), axes);
  const shift = where(binary("and", again, finite(mean)), mean, like(0, mean));
  const shifted = binary("sub", x, expand(shift, x.shape));
  const either = (second: Node, firstFound: Node): Node => where(again, second, firstFound);
  const notFinite = cast(unary("not", finite(x)), "int32");
  return {
    shift,
    sum: either(found("sum", shifted, 0), sum),
    squares: either(found("sum", binary("mul", shifted, shifted), 0), squares),
    min: either(found("min", x, Number.POSITIVE_INFINITY), first.min),
    max: either(found("max", x, Number.NEGATIVE_INFINITY), first.max),
    nonFinite: cast(found("sum", notFinite, 0), "float32"),
  };
}

/**
 * How much larger than the sum of squares about the mean what the mean adds to them may be. Rounding errors of the
 * variance grow by as much.
 */
const mostOfMean = 8;

function like(value: number, n: Node): Node {
  return constant(value, n.shape, n.dtype);
}

function finite(x: Node): Node {
  return compare("lt", unary("abs", x), like(Number.POSITIVE_INFINITY, x));
}

/** Counted in integers: float32 cannot tell 2 ** 24 from the next number. */
function count(condition: Node, axes: readonly number[]): Node {
  return reduce("sum", cast(condition, "int32"), axes);
}

/** Where sampled elements lie, in bins from the lower bound. */
function placesOf(x: Node, [lowest, highest]: readonly [Node, Node], form: Form): Node {
  const sample = sampleOf(x, form);
  const one = (v: Node): Node => reshape(v, [1]);
  const [low, high] = widened(one(lowest), one(highest));
  const width = binary("sub", high, low);
  const scaled = binary("mul", binary("sub", sample, expand(low, sample.shape)), like(form.bins, sample));
  const position = binary("div", scaled, expand(width, sample.shape));
  // The largest element belongs to the last bin, wherever rounding has put it.
  const inside = compare("le", sample, expand(high, sample.shape));
  return where(inside, binary("min", position, like(form.bins - 0.5, position)), position);
}

/** Places in a histogram from the smallest to the largest element: rounding may have put these beyond, but there is none. */
function within(places: Node, { bins }: Form): Node {
  return binary("max", binary("min", places, like(bins - 0.5, places)), like(0, places));
}

/** How many places lie below each of the edges, the last one included. */
function countsBelow(places: Node, { bins }: Form): Node {
  const shape = [bins + 1, sizeOf(places.shape)];
  const edges = reshape(cast(iota(bins + 1), "float32"), [bins + 1, 1]);
  const below = compare(
    "lt",
    expand(reshape(places, [1, sizeOf(places.shape)]), shape),
    expand(edges, shape),
  );
  return reshape(cast(count(below, [1]), "float32"), [bins + 1]);
}

/** Bounds that differ: one to either side where all elements are equal, as `torch.histc` does. */
function widened(low: Node, high: Node): [Node, Node] {
  const equal = compare("eq", low, high);
  const by = where(equal, constant(1, [1], "float32"), constant(0, [1], "float32"));
  return [binary("sub", low, by), binary("add", high, by)];
}

/** So many neighbours are taken at once: each sampled line of the cache is read for more than one element. */
const neighbours = 4;

/**
 * A few neighbours every so many elements, in the order of the batch, then the places, then the features: so activations lie
 * in memory, and neighbours are of different features. The step has no factor in common with the elements of one input, so
 * that the sample goes through all places and features, and not always the same column of an image.
 */
function sampleOf(x: Node, { samples, featureAxis }: Form): Node {
  const size = sizeOf(x.shape);
  const axes = x.shape.map((_, d) => d);
  // A scalar has no axis of features.
  const inOrder = [...axes.filter((d) => d !== featureAxis), ...axes.filter((d) => d === featureAxis)];
  const flat = reshape(permute(x, inOrder), [size]);
  let step = Math.max(Math.ceil(size / samples), 1);
  if (step === 1) return flat;
  const run = Math.min(neighbours, size);
  const [runs, inOne] = [size, size / (x.shape[inOrder[0] as number] as number)].map((n) =>
    Math.max(Math.floor(n / run), 1),
  ) as [number, number];
  while (commonDivisor(step, inOne) > 1) step++;
  const taken = Math.floor((runs - 1) / step) + 1;
  const inRuns = reshape(slice(flat, [0], [runs * run], [1]), [runs, run]);
  return reshape(slice(inRuns, [0, 0], [taken, run], [step, 1]), [taken * run]);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Reads what {@link statisticsNode} gave for a tensor of this shape. */
export function readStatistics(
  data: ArrayLike<number>,
  shape: Shape,
  { bins, range, featureAxis }: HistogramLayout,
): Statistics {
  const at = (name: Field): number => data[fields.indexOf(name)] as number;
  const n = sizeOf(shape);
  const mean = at("shift") + at("sum") / n;
  const variance = (at("squares") - (at("sum") * at("sum")) / n) / Math.max(n - 1, 1);
  const [low, high] = range ?? [at("min"), at("max")];
  const below = Array.from({ length: bins + 1 }, (_, i) => data[fields.length + i] as number);
  return {
    mean,
    std: Math.sqrt(Math.max(variance, 0)),
    min: at("min"),
    max: at("max"),
    zeros: at("zeros") / n,
    nonFinite: at("nonFinite") / n,
    dead: at("dead") / (shape[featureAxis] ?? 1),
    histogram: histogramOf(below, low, high),
  };
}

function histogramOf(below: readonly number[], low: number, high: number): Histogram | null {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const [from, to] = low === high ? [low - 1, high + 1] : [low, high];
  const bins = below.length - 1;
  return {
    edges: below.map((_, i) => from + ((to - from) * i) / bins),
    counts: below.slice(1).map((count, i) => count - (below[i] as number)),
  };
}
