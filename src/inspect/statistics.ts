/**
 * Statistics of one tensor as one small tensor: fused reductions in the program that computes the tensor anyway. The
 * engine gives sums, counts and extremes; means and shares are made of them here, in double precision.
 */
import type { Shape } from "../base/shape.ts";
import { sizeOf } from "../base/shape.ts";
import {
  binary,
  bitcast,
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
  /** Elements in each bin. Of a large tensor an evenly spaced sample is counted. */
  readonly counts: readonly number[];
}

/** What is recorded of a tensor. NaN among the elements makes mean and std NaN, as in PyTorch. */
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
  return withGradMode(false, () => whole([x, bound(0), bound(1)], { bins, samples, featureAxis })[0]);
}

type Operands = readonly [x: Node, low: Node | null, high: Node | null];
type Form = Omit<HistogramLayout, "range">;

const whole = composite("statistics", ([x, low, high]: Operands, form: Form): [Node] => {
  const v = cast(x, "float32");
  const values = fieldsOf(v, form.featureAxis);
  const parts = fields.map((name) => reshape(values[name], [1]));
  const bounds = [low ?? values.min, high ?? values.max] as const;
  return [concatenate([...parts, countsBelow(v, bounds, form)], 0)];
});

function fieldsOf(x: Node, featureAxis: number): Record<Field, Node> {
  const axes = x.shape.map((_, d) => d);
  const inside = axes.filter((d) => d !== featureAxis);
  const like = (value: number, n: Node): Node => constant(value, n.shape, n.dtype);
  // Counted in integers: float32 cannot tell 2 ** 24 from the next number.
  const count = (condition: Node): Node => reduce("sum", cast(condition, "int32"), inside);
  const total = (perFeature: Node): Node => reduce("sum", perFeature, axes);
  // One pass gives both sums. Without the shift, squares of a large mean would swallow a small spread.
  const shift = slice(
    x,
    axes.map(() => 0),
    axes.map(() => 1),
  );
  const shifted = binary("sub", x, expand(shift, x.shape));
  const bits = bitcast(x, "int32");
  const extreme = (fn: "min" | "max", of: Node): Node => reduce(fn, reduce(fn, of, inside), axes);
  const [largest, smallest] = [extreme("max", bits), extreme("min", bits)];
  const mirrored = extreme("max", binary("xor", bits, like(signBit, bits)));
  const zeros = count(compare("eq", x, like(0, x)));
  const finite = total(count(compare("lt", unary("abs", x), like(Number.POSITIVE_INFINITY, x))));
  const perFeature = sizeOf(inside.map((d) => x.shape[d] as number));
  return {
    shift,
    sum: total(reduce("sum", shifted, inside)),
    squares: total(reduce("sum", binary("mul", shifted, shifted), inside)),
    min: bitcast(
      where(negative(smallest), binary("xor", mirrored, like(signBit, mirrored)), smallest),
      "float32",
    ),
    max: bitcast(where(negative(largest), smallest, largest), "float32"),
    zeros: cast(total(zeros), "float32"),
    nonFinite: cast(binary("sub", like(sizeOf(x.shape), finite), finite), "float32"),
    dead: total(cast(compare("eq", zeros, like(perFeature, zeros)), "float32")),
  };
}

const signBit = -(2 ** 31);

function negative(bits: Node): Node {
  return compare("lt", bits, constant(0, bits.shape, bits.dtype));
}

/** Sampled elements below each of the edges, the last one included. */
function countsBelow(x: Node, [lowest, highest]: readonly [Node, Node], form: Form): Node {
  const { bins } = form;
  const sample = sampleOf(x, form);
  const count = sizeOf(sample.shape);
  const one = (v: Node): Node => reshape(v, [1]);
  const [low, high] = widened(one(lowest), one(highest));
  const width = binary("sub", high, low);
  const like = (value: number): Node => constant(value, [count], "float32");
  const scaled = binary("mul", binary("sub", sample, expand(low, [count])), like(bins));
  const position = binary("div", scaled, expand(width, [count]));
  // The largest element belongs to the last bin, wherever rounding has put it.
  const inside = compare("le", sample, expand(high, [count]));
  const placed = reshape(where(inside, binary("min", position, like(bins - 0.5)), position), [1, count]);
  const edges = reshape(cast(iota(bins + 1), "float32"), [bins + 1, 1]);
  const shape = [bins + 1, count];
  const below = compare("lt", expand(placed, shape), expand(edges, shape));
  return reshape(reduce("sum", cast(below, "float32"), [1]), [bins + 1]);
}

/** Bounds that differ: one to either side where all elements are equal, as `torch.histc` does. */
function widened(low: Node, high: Node): [Node, Node] {
  const equal = compare("eq", low, high);
  const by = where(equal, constant(1, [1], "float32"), constant(0, [1], "float32"));
  return [binary("sub", low, by), binary("add", high, by)];
}

/**
 * Every so many-th element, in the order of the batch, then the places, then the features: so activations lie in memory.
 * The step has no factor in common with the elements of one input, so that the sample goes through all places and
 * features, and not always the same column of an image.
 */
function sampleOf(x: Node, { samples, featureAxis }: Form): Node {
  const size = sizeOf(x.shape);
  const axes = x.shape.map((_, d) => d);
  // A scalar has no axis of features.
  const inOrder = [...axes.filter((d) => d !== featureAxis), ...axes.filter((d) => d === featureAxis)];
  const flat = reshape(permute(x, inOrder), [size]);
  let step = Math.max(Math.ceil(size / samples), 1);
  while (step > 1 && commonDivisor(step, size / (x.shape[inOrder[0] as number] as number)) > 1) step++;
  return slice(flat, [0], [Math.floor((size - 1) / step) + 1], [step]);
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
