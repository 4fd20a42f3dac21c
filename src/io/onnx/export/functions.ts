/** Activations, reductions and matrix products by name as ONNX operators. */
import { isFloat } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import { Node } from "../../../graph/node.ts";
import { codeOf } from "../schema.ts";
import { always, type Converter, type Converters, isNumber, shapeOf } from "./converter.ts";
import { float, type GraphWriter } from "./graph-writer.ts";
import { type Dim, type Step, Varying } from "./merge.ts";
import { padBy, reduceBy } from "./primitives.ts";
import type { Ref } from "./trace.ts";
import { reshapeTo } from "./views.ts";

/** The number that a parameter of shape [] is. */
function numberOf(g: GraphWriter, ref: unknown, what: string): number {
  const { fill } = g.peek(ref);
  if (fill === null) throw g.refuse(`${what} is computed, and must be a plain number`);
  return fill;
}

/** Operators are for floats; integers are converted first, as the operations do. */
function floats(g: GraphWriter, ref: unknown): string {
  return isFloat(g.peek(ref).dtype) ? g.use(ref) : g.add("Cast", [g.use(ref)], { to: codeOf("float32") });
}

/** An operator of one operand and no parameters. */
const plain = (opType: string, attributes: Parameters<GraphWriter["add"]>[2] = {}): Converter =>
  always((g, { args }) => g.add(opType, [floats(g, args[0])], attributes));

/** An operator whose parameter is a plain number. */
const withNumber = (opType: string, attribute: string): Converter => ({
  takes: (args) => isNumber(args[1]),
  write: (g, { args }) =>
    g.add(opType, [floats(g, args[0])], { [attribute]: float(numberOf(g, args[1], attribute)) }),
});

const relu: Converter = always((g, { args }) => g.add("Relu", [g.use(args[0])]));

const clip: Converter = {
  takes: ([, low, high]) => [low, high].every((b) => b === null || isNumber(b)),
  write: (g, { args: [x, low, high], results }) => {
    const dtype = results[0]?.dtype ?? "float32";
    const bound = (ref: unknown): string =>
      ref === null ? "" : g.number(numberOf(g, ref, "a bound"), dtype);
    const given = g.peek(x).dtype === dtype ? g.use(x) : g.add("Cast", [g.use(x)], { to: codeOf(dtype) });
    return g.add("Clip", high === null ? [given, bound(low)] : [given, bound(low), bound(high)]);
  },
};

const gelu = (approximate: "none" | "tanh"): Converter => ({
  takes: (_args, _call, opset) => approximate === "none" || opset >= 20,
  write: (g, { args, results }) => {
    const x = floats(g, args[0]);
    if (g.opset >= 20) return g.add("Gelu", [x], { approximate });
    // As PyTorch's exporter writes it for these operator sets.
    const number = (value: number): string => g.number(value, results[0]?.dtype ?? "float32");
    const bell = g.add("Erf", [g.add("Div", [x, number(Math.SQRT2)])]);
    return g.add("Mul", [g.add("Mul", [x, g.add("Add", [bell, number(1)])]), number(0.5)]);
  },
});

const silu: Converter = always((g, { args }) => {
  const x = floats(g, args[0]);
  return g.add("Mul", [x, g.add("Sigmoid", [x])]);
});

const mish: Converter = always((g, { args }) => {
  const x = floats(g, args[0]);
  return g.opset >= 18 ? g.add("Mish", [x]) : g.add("Mul", [x, g.add("Tanh", [g.add("Softplus", [x])])]);
});

const logSigmoid: Converter = always((g, { args }) => {
  const negative = g.add("Neg", [floats(g, args[0])]);
  return g.add("Neg", [g.add("Softplus", [negative])]);
});

/** The operator has no threshold. From 15 on, it only decides how the last bits come about. */
const softplus: Converter = {
  takes: ([, beta, threshold]) =>
    isNumber(beta) &&
    isNumber(threshold) &&
    (threshold as Node).op.kind === "scalar" &&
    scalarOf(threshold) >= 15,
  write: (g, { args: [x, beta], results }) => {
    const by = numberOf(g, beta, "beta");
    if (by === 1) return g.add("Softplus", [floats(g, x)]);
    const scale = g.number(by, results[0]?.dtype ?? "float32");
    return g.add("Div", [g.add("Softplus", [g.add("Mul", [floats(g, x), scale])]), scale]);
  },
};

function scalarOf(node: unknown): number {
  return node instanceof Node && (node.op.kind === "scalar" || node.op.kind === "constant")
    ? node.op.value
    : Number.NaN;
}

const prelu: Converter = always((g, { args: [x, weight] }) => {
  const rank = g.dimsOf(x).length;
  const own = g.dimsOf(weight);
  const ones = new Array<Dim>(Math.max(rank - 2, 0)).fill(1);
  const aligned = rank === 0 ? [] : own[0] === 1 ? [1] : [own[0] as Dim, ...ones];
  return g.add("PRelu", [floats(g, x), reshapeTo(g, g.use(weight), own, aligned)]);
});

// Reductions

interface Options {
  readonly dim?: number | readonly number[];
  readonly keepdim?: boolean;
}

function axesOf(options: Options | undefined, rank: number): number[] {
  const { dim } = options ?? {};
  const list = dim === undefined ? Array.from({ length: rank }, (_, d) => d) : [dim].flat();
  return list.map((d) => (d < 0 ? d + rank : d));
}

/** A reduction; `position` is where the options stand among the arguments. */
function reduction(opType: string, position: number, integers: boolean): Converter {
  return {
    takes: (args) => shapeOf(args[0]).length > 0 && sizeOf(shapeOf(args[0])) > 0,
    write: (g, { args, results }) => {
      const options = args[position] as Options | undefined;
      const rank = g.dimsOf(args[0]).length;
      const dtype = results[0]?.dtype ?? "float32";
      const same = g.peek(args[0]).dtype === dtype;
      const x =
        same && (integers || isFloat(dtype))
          ? g.use(args[0])
          : g.add("Cast", [g.use(args[0])], { to: codeOf(dtype) });
      return reduceBy(g, opType, x, axesOf(options, rank), options?.keepdim === true);
    },
  };
}

const extreme: Converter = {
  takes: ([x]) => x instanceof Node && x.dtype !== "bool" && x.shape.length > 0 && sizeOf(x.shape) > 0,
  write: (g, step, used) => {
    const opType = step.args[1] === "max" ? "ReduceMax" : "ReduceMin";
    return reduction(opType, 2, true).write(g, step, used);
  },
};

const norm: Converter = {
  takes: ([x, options]) => {
    const { p = 2 } = (options ?? {}) as { p?: number };
    return shapeOf(x).length > 0 && (p === 1 || p === 2);
  },
  write: (g, step, used) => {
    const { p = 2 } = (step.args[1] ?? {}) as { p?: number };
    return reduction(p === 1 ? "ReduceL1" : "ReduceL2", 1, false).write(g, step, used);
  },
};

/** In two passes, as the operation itself. */
const variance: Converter = {
  takes: ([x]) => shapeOf(x).length > 0,
  write: (g, { args: [x, given], results }) => {
    const options = (given ?? {}) as Options & { unbiased?: boolean };
    const dims = g.dimsOf(x);
    const axes = axesOf(options, dims.length);
    const name = g.use(x);
    const centred = g.add("Sub", [name, reduceBy(g, "ReduceMean", name, axes, true)]);
    const squares = g.add("Mul", [centred, centred]);
    const mean = reduceBy(g, "ReduceMean", squares, axes, options.keepdim === true);
    if (options.unbiased === false) return mean;
    const n = axes.reduce(
      (product, d) => product * g.fixed(dims[d], "the number of elements of a variance"),
      1,
    );
    return g.add("Mul", [mean, g.number(n / Math.max(0, n - 1), results[0]?.dtype ?? "float32")]);
  },
};

const alongAxis = (opType: string): Converter => ({
  takes: ([x]) => shapeOf(x).length > 0,
  write: (g, { args: [x, dim] }) => {
    const rank = g.dimsOf(x).length;
    const axis = dim as number;
    return g.add(opType, [floats(g, x)], { axis: axis < 0 ? axis + rank : axis });
  },
});

const cumsum: Converter = {
  takes: ([x]) => shapeOf(x).length > 0 && sizeOf(shapeOf(x)) > 0,
  write: (g, { args: [x, dim], results }) => {
    const rank = g.dimsOf(x).length;
    const dtype = results[0]?.dtype ?? "float32";
    const given = g.peek(x).dtype === dtype ? g.use(x) : g.add("Cast", [g.use(x)], { to: codeOf(dtype) });
    const axis = (dim as number) < 0 ? (dim as number) + rank : (dim as number);
    return g.add("CumSum", [given, g.number(axis, "int32")]);
  },
};

/** The best elements along an axis; `count` null for all of them, sorted. */
function best(g: GraphWriter, step: Step, count: number | null, largest: boolean, dim: number): string[] {
  const [x] = step.args;
  const dims = g.dimsOf(x);
  const axis = dim < 0 ? dim + dims.length : dim;
  const k = count ?? dims[axis];
  const size = k instanceof Varying ? g.size(k) : g.int64([k as number], "k");
  const attributes = { axis, largest: largest ? 1 : 0, sorted: 1 };
  const [values, indices] = g.addMany("TopK", [g.use(x), size], 2, attributes) as [string, string];
  return [values, g.add("Cast", [indices], { to: codeOf("int32") })];
}

const sort: Converter = {
  takes: ([x]) => shapeOf(x).length > 0 && sizeOf(shapeOf(x)) > 0,
  write: (g, step) => {
    const { dim = -1, descending = false } = (step.args[1] ?? {}) as { dim?: number; descending?: boolean };
    return best(g, step, null, descending, dim);
  },
};

const topk: Converter = {
  takes: ([x, k]) => shapeOf(x).length > 0 && sizeOf(shapeOf(x)) > 0 && (k as number) > 0,
  write: (g, step) => {
    const { dim = -1, largest = true } = (step.args[2] ?? {}) as { dim?: number; largest?: boolean };
    return best(g, step, g.fixed(step.args[1], "k"), largest, dim);
  },
};

// Products

const linear: Converter = always((g, { args: [x, weight, bias] }) => {
  const more = bias === null ? [] : [g.use(bias as Ref)];
  if (g.dimsOf(x).length === 2) return g.add("Gemm", [g.use(x), g.use(weight), ...more], { transB: 1 });
  const product = g.add("MatMul", [g.use(x), g.add("Transpose", [g.use(weight)], { perm: [1, 0] })]);
  return bias === null ? product : g.add("Add", [product, ...more]);
});

const matmul: Converter = always((g, { args: [a, b] }) => g.add("MatMul", [g.use(a), g.use(b)]));

const einsum: Converter = {
  takes: ([, operands]) => (operands as readonly Node[]).every((o) => isFloat(o.dtype)),
  write: (g, { args: [equation, operands] }) =>
    g.add(
      "Einsum",
      (operands as readonly Ref[]).map((o) => g.use(o)),
      {
        equation: String(equation).replaceAll(/\s/g, ""),
      },
    ),
};

// Picking and joining

const concatenate: Converter = {
  takes: ([parts]) => (parts as readonly Node[]).length > 1,
  write: (g, { args: [parts, axis] }) =>
    g.add(
      "Concat",
      (parts as readonly Ref[]).map((p) => g.use(p)),
      { axis: axis as number },
    ),
};

const repeat: Converter = always((g, { args: [x, times] }) => {
  const counts = g.fixedList(times, "how often it is repeated");
  const dims = g.dimsOf(x);
  const aligned = [...new Array<Dim>(counts.length - dims.length).fill(1), ...dims];
  return g.add("Tile", [reshapeTo(g, g.use(x), dims, aligned), g.int64(counts, "repeats")]);
});

const axisAt = (g: GraphWriter, x: unknown, dim: unknown): number =>
  (dim as number) < 0 ? (dim as number) + g.dimsOf(x).length : (dim as number);

const indexSelect: Converter = always((g, { args: [x, dim, index] }) =>
  g.add("Gather", [g.use(x), asIndex(g, index)], { axis: axisAt(g, x, dim) }),
);

/** Positions are int32 or int64 there. */
function asIndex(g: GraphWriter, ref: unknown): string {
  return g.peek(ref).dtype === "int32" ? g.use(ref) : g.add("Cast", [g.use(ref)], { to: codeOf("int32") });
}

const sameOutside = (x: unknown, index: unknown, dim: unknown): boolean => {
  const [a, b] = [shapeOf(x), shapeOf(index)];
  const axis = (dim as number) < 0 ? (dim as number) + a.length : dim;
  return a.length > 0 && a.every((s, d) => d === axis || s === b[d]);
};

const gatherAlong: Converter = {
  takes: ([x, dim, index]) => sameOutside(x, index, dim),
  write: (g, { args: [x, dim, index] }) =>
    g.add("GatherElements", [g.use(x), asIndex(g, index)], { axis: axisAt(g, x, dim) }),
};

const scatter = (reduction: "none" | "add"): Converter => ({
  takes: ([, , index, source]) => {
    const [a, b] = [shapeOf(index), shapeOf(source)];
    return a.length > 0 && a.every((s, d) => s === b[d]);
  },
  write: (g, { args: [x, dim, index, source] }) =>
    g.add("ScatterElements", [g.use(x), asIndex(g, index), g.use(source)], {
      axis: axisAt(g, x, dim),
      reduction,
    }),
});

const padModes: Readonly<Record<string, string>> = {
  constant: "constant",
  reflect: "reflect",
  replicate: "edge",
  circular: "wrap",
};

const pad: Converter = {
  takes: ([, padding, options], _call, opset) => {
    const { mode = "constant" } = (options ?? {}) as { mode?: string };
    return (padding as readonly number[]).some((p) => p !== 0) && (mode !== "circular" || opset >= 19);
  },
  write: (g, { args: [x, padding, options], results }) => {
    const { mode = "constant", value = 0 } = (options ?? {}) as { mode?: string; value?: number };
    const list = g.fixedList(padding, "padding");
    const rank = g.dimsOf(x).length;
    const at = (axis: number, side: 0 | 1): number => list[2 * (rank - 1 - axis) + side] ?? 0;
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    const pads = [...axes.map((axis) => at(axis, 0)), ...axes.map((axis) => at(axis, 1))];
    const dtype = results[0]?.dtype ?? "float32";
    if (mode === "constant") return padBy(g, g.use(x), pads, value, dtype);
    return g.add("Pad", [g.use(x), g.int64(pads, "pads")], { mode: padModes[mode] as string });
  },
};

/** Numbers of another generator: the same distribution, not the same numbers. */
const random = (opType: "RandomUniform" | "RandomNormal"): Converter =>
  always((g, { args: [, , dtype], results }) => {
    const dims = results[0]?.dims ?? [];
    const kind = codeOf(dtype === "float64" ? "float64" : "float32");
    if (dims.every((d) => typeof d === "number"))
      return g.add(opType, [], { shape: dims as readonly number[], dtype: kind });
    const like = g.add("Expand", [g.number(0, "float32"), g.shape(dims)]);
    return g.add(`${opType}Like`, [like], { dtype: kind });
  });

export const functions: Converters = {
  relu,
  sigmoid: plain("Sigmoid"),
  selu: plain("Selu"),
  hardsigmoid: plain("HardSigmoid", { alpha: float(1 / 6), beta: float(0.5) }),
  hardswish: plain("HardSwish"),
  elu: withNumber("Elu", "alpha"),
  celu: withNumber("Celu", "alpha"),
  leakyRelu: withNumber("LeakyRelu", "alpha"),
  clamp: clip,
  hardtanh: clip,
  gelu: gelu("none"),
  geluByTanh: gelu("tanh"),
  ...{ silu, mish, logSigmoid, softplus, prelu },
  isnan: {
    takes: ([x]) => x instanceof Node && isFloat(x.dtype),
    write: (g, { args }) => g.add("IsNaN", [g.use(args[0])]),
  },
  rsqrt: always((g, { args }) => g.add("Reciprocal", [g.add("Sqrt", [floats(g, args[0])])])),
  square: always((g, { args }) => g.add("Mul", [g.use(args[0]), g.use(args[0])])),
  sum: reduction("ReduceSum", 1, true),
  prod: reduction("ReduceProd", 1, true),
  mean: reduction("ReduceMean", 1, false),
  logsumexp: reduction("ReduceLogSumExp", 1, false),
  ...{ extreme, norm, variance, sort, topk, cumsum },
  softmax: alongAxis("Softmax"),
  logSoftmax: alongAxis("LogSoftmax"),
  linear,
  ...{ matmul, matmulOfRank: matmul },
  ...{ einsum, concatenate, repeat, indexSelect, gatherAlong, pad },
  embedding: always((g, { args: [index, weight] }) =>
    g.add("Gather", [g.use(weight), asIndex(g, index)], { axis: 0 }),
  ),
  scatterAlong: scatter("none"),
  scatterAddAlong: scatter("add"),
  uniform01: random("RandomUniform"),
  normal01: random("RandomNormal"),
};
