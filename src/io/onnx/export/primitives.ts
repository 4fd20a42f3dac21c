/** Primitives of the graph as ONNX operators: what is left where no named operation stands. */
import type { DType } from "../../../base/dtype.ts";
import type { BinaryFn, CompareFn, ReduceFn, UnaryFn } from "../../../base/scalar.ts";
import type { Operation } from "../../../graph/operation.ts";
import { codeOf } from "../schema.ts";
import { always, type Converters } from "./converter.ts";
import type { GraphWriter } from "./graph-writer.ts";
import { type Dim, type Step, Varying } from "./merge.ts";
import { reshapeTo, sliceOf } from "./views.ts";

type Kind = Exclude<Operation["kind"], "source" | "alias" | "call" | "result">;
type Parameters<K extends Kind> = Omit<Extract<Operation, { kind: K }>, "kind">;

const parametersOf = <K extends Kind>(step: Step, _kind: K): Parameters<K> => step.args[0] as Parameters<K>;
const dimsOf = (step: Step): readonly Dim[] => step.results[0]?.dims ?? [];
const dtypeOf = (step: Step): DType => step.results[0]?.dtype ?? "float32";

const simpleUnary: Partial<Record<UnaryFn, string>> = {
  neg: "Neg",
  abs: "Abs",
  sign: "Sign",
  floor: "Floor",
  ceil: "Ceil",
  round: "Round",
  sqrt: "Sqrt",
  reciprocal: "Reciprocal",
  exp: "Exp",
  log: "Log",
  sin: "Sin",
  cos: "Cos",
  tanh: "Tanh",
  erf: "Erf",
};

function unary(g: GraphWriter, step: Step): string {
  const { fn } = parametersOf(step, "unary");
  const x = g.use(step.args[1]);
  const simple = simpleUnary[fn];
  if (simple !== undefined) return g.add(simple, [x]);
  const dtype = dtypeOf(step);
  switch (fn) {
    case "expm1":
      return g.add("Sub", [g.add("Exp", [x]), g.number(1, dtype)]);
    case "log1p":
      return g.add("Log", [g.add("Add", [x, g.number(1, dtype)])]);
    case "trunc":
      return g.add("Mul", [g.add("Sign", [x]), g.add("Floor", [g.add("Abs", [x])])]);
    default:
      if (dtype === "bool") return g.add("Not", [x]);
      return bitwise(g, "BitwiseNot", [x]);
  }
}

function bitwise(g: GraphWriter, opType: string, inputs: readonly string[]): string {
  if (g.opset >= 18) return g.add(opType, inputs);
  throw g.refuse(`${opType} needs operator set 18; export with opsetVersion: 18`);
}

const simpleBinary: Partial<Record<BinaryFn, string>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  max: "Max",
  min: "Min",
  pow: "Pow",
};

function binary(g: GraphWriter, step: Step): string {
  const { fn } = parametersOf(step, "binary");
  const inputs = g.useTogether(step.args.slice(1), dimsOf(step));
  const dtype = dtypeOf(step);
  const simple = simpleBinary[fn];
  if (simple !== undefined) return g.add(simple, inputs);
  switch (fn) {
    case "mod":
      return g.add("Mod", inputs);
    case "idiv": {
      // Division of integers rounds towards zero there.
      const wide = inputs.map((name) => g.add("Cast", [name], { to: codeOf("float64") }));
      return g.add("Cast", [g.add("Floor", [g.add("Div", wide)])], { to: codeOf(dtype) });
    }
    case "fmod": {
      // The remainder there has the sign of the dividend.
      const [a, b] = inputs as [string, string];
      const first = g.add("Mod", [a, b], { fmod: 1 });
      return g.add("Mod", [g.add("Add", [first, b]), b], { fmod: 1 });
    }
    case "and":
    case "or":
    case "xor": {
      const name = { and: "And", or: "Or", xor: "Xor" }[fn];
      return dtype === "bool" ? g.add(name, inputs) : bitwise(g, `Bitwise${name}`, inputs);
    }
    default:
      throw g.refuse(`"${fn}" has no operator in ONNX`);
  }
}

function compare(g: GraphWriter, step: Step): string {
  const fn: CompareFn = parametersOf(step, "compare").fn;
  const inputs = g.useTogether(step.args.slice(1), dimsOf(step));
  if (fn === "lt") return g.add("Less", inputs);
  if (fn === "le") return g.add("LessOrEqual", inputs);
  const equal = g.add("Equal", inputs);
  return fn === "eq" ? equal : g.add("Not", [equal]);
}

/** Of bool, by logic: runtimes have the operator for numbers only. */
function where(g: GraphWriter, step: Step): string {
  const [condition, a, b] = g.useTogether(step.args.slice(1), dimsOf(step)) as [string, string, string];
  if (dtypeOf(step) !== "bool") return g.add("Where", [condition, a, b]);
  return g.add("Or", [g.add("And", [condition, a]), g.add("And", [g.add("Not", [condition]), b])]);
}

const reductions: Record<ReduceFn, string> = {
  sum: "ReduceSum",
  prod: "ReduceProd",
  max: "ReduceMax",
  min: "ReduceMin",
  argmax: "ArgMax",
  argmin: "ArgMin",
  fmax: "ReduceMax",
  fmin: "ReduceMin",
};

/** A reduction over axes; which of both ways to say the axes is right depends on the operator set. */
export function reduceBy(
  g: GraphWriter,
  opType: string,
  x: string,
  axes: readonly number[],
  keepdims: boolean,
): string {
  const keep = { keepdims: keepdims ? 1 : 0 };
  const asInput = opType === "ReduceSum" || g.opset >= 18;
  if (asInput) return g.add(opType, [x, g.int64(axes, "axes")], keep);
  return g.add(opType, [x], { axes, ...keep });
}

function reduce(g: GraphWriter, step: Step): string {
  const { fn, axes } = parametersOf(step, "reduce");
  const x = g.use(step.args[1]);
  if (fn !== "argmax" && fn !== "argmin") return reduceBy(g, reductions[fn], x, axes, true);
  const [axis] = axes;
  const all = g.dimsOf(step.args[1]);
  // The position in the flattened tensor, if there are several axes.
  const found =
    axes.length === 1 && axis !== undefined
      ? g.add(reductions[fn], [x], { axis, keepdims: 1 })
      : g.add(reductions[fn], [flatOver(g, x, all, axes)], { axis: 0, keepdims: 1 });
  const ints = g.add("Cast", [found], { to: codeOf("int32") });
  return axes.length === 1 ? ints : reshapeTo(g, ints, [1], dimsOf(step));
}

function flatOver(g: GraphWriter, x: string, dims: readonly Dim[], axes: readonly number[]): string {
  if (axes.length !== dims.length) throw g.refuse("the position of a maximum over some of several axes");
  return g.add("Reshape", [x, g.int64([-1])]);
}

/** result[..., j, ...] = x[..., index[j], ...] where the index is the same along all other axes, else element by element. */
function gather(g: GraphWriter, step: Step): string {
  const { axis } = parametersOf(step, "gather");
  const [, x, index] = step.args;
  const { has, name } = g.peek(index);
  if (has.every((d, i) => d === 1 || i === has.length - dimsOf(step).length + axis)) {
    return g.add("Gather", [g.use(x), g.add("Reshape", [name, g.int64([-1])])], { axis });
  }
  return g.add("GatherElements", [g.use(x), g.use(index)], { axis });
}

function window(g: GraphWriter, step: Step): string {
  const { axis, size, stride, dilation } = parametersOf(step, "window");
  const count = g.fixed(dimsOf(step)[axis], "the number of windows");
  const places = Int32Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * stride + (i % size) * dilation,
  );
  return g.add("Gather", [g.use(step.args[1]), g.constant(places, [count, size], "int32", "windows")], {
    axis,
  });
}

/** Elements of windows at their place on the axis: rows of zeros are put behind, and picked where there is no element. */
function unwindow(g: GraphWriter, step: Step): string {
  const { axis, length, stride, dilation } = parametersOf(step, "unwindow");
  const dims = g.dimsOf(step.args[1]);
  const count = g.fixed(dims[axis], "the number of windows");
  const size = g.fixed(dims[axis + 1], "the size of a window");
  g.fixed(length, "the length of an axis");
  const places = Int32Array.from({ length: length * size }, (_, at) => {
    const [i, k] = [Math.floor(at / size), at % size];
    const p = (i - k * dilation) / stride;
    return Number.isInteger(p) && p >= 0 && p < count ? p * size + k : count * size;
  });
  const outer = dims.slice(0, axis);
  const inner = dims.slice(axis + 2);
  const flat = reshapeTo(g, g.use(step.args[1]), dims, [...outer, count * size, ...inner]);
  const around = [...outer, 0, ...inner].map(() => 0);
  const behind = around.map((_, d) => (d === axis ? 1 : 0));
  const padded = g.add("Pad", [flat, g.int64([...around, ...behind], "pads"), g.number(0, dtypeOf(step))]);
  return g.add("Gather", [padded, g.constant(places, [length, size], "int32", "windows")], { axis });
}

function pad(g: GraphWriter, step: Step): string {
  const { before, after, value } = parametersOf(step, "pad");
  const pads = g.fixedList([...before, ...after], "padding");
  return padBy(g, g.use(step.args[1]), pads, value, dtypeOf(step));
}

/** Constant padding; bool goes by way of uint8, which the operator has in every runtime. */
export function padBy(
  g: GraphWriter,
  x: string,
  pads: readonly number[],
  value: number,
  dtype: DType,
): string {
  const type = dtype === "bool" ? "uint8" : dtype;
  const given = dtype === "bool" ? g.add("Cast", [x], { to: codeOf("uint8") }) : x;
  const padded = g.add("Pad", [given, g.int64(pads, "pads"), g.number(value, type)], { mode: "constant" });
  return dtype === "bool" ? g.add("Cast", [padded], { to: codeOf("bool") }) : padded;
}

function flip(g: GraphWriter, step: Step): string {
  const { axes } = parametersOf(step, "flip");
  const each = (value: number): number[] => axes.map(() => value);
  const least = -(2 ** 53) + 1;
  const bounds = [g.int64(each(-1), "starts"), g.int64(each(least), "ends")];
  return g.add("Slice", [g.use(step.args[1]), ...bounds, g.int64(axes, "axes"), g.int64(each(-1), "steps")]);
}

function iota(g: GraphWriter, step: Step): string {
  const [length] = dimsOf(step);
  if (!(length instanceof Varying)) {
    const data = Int32Array.from({ length: length as number }, (_, i) => i);
    return g.constant(data, [data.length], "int32", "range");
  }
  const scalar = g.add("Squeeze", [g.size(length), g.int64([0], "axes")]);
  const end = g.add("Cast", [scalar], { to: codeOf("int32") });
  return g.add("Range", [g.number(0, "int32"), end, g.number(1, "int32")]);
}

function scatterAdd(g: GraphWriter, step: Step): string {
  const { axis } = parametersOf(step, "scatterAdd");
  const [, base, index, values] = step.args;
  return g.add("ScatterElements", [g.use(base), g.use(index), g.use(values)], { axis, reduction: "add" });
}

function slice(g: GraphWriter, step: Step): string {
  const { start, step: steps } = parametersOf(step, "slice");
  const from = g.dimsOf(step.args[1]);
  return sliceOf(g, g.use(step.args[1]), from, start, g.fixedList(steps, "a step"), dimsOf(step));
}

function cast(g: GraphWriter, step: Step): string {
  return g.add("Cast", [g.use(step.args[1])], { to: codeOf(dtypeOf(step)) });
}

const refused =
  (why: string) =>
  (g: GraphWriter): never => {
    throw g.refuse(why);
  };

/** Expanding and filling, which write nothing by themselves, are the graph's own matter. */
export const primitives: Converters = {
  ".unary": always(unary),
  ".binary": always(binary),
  ".compare": always(compare),
  ".where": always(where),
  ".cast": always(cast),
  ".bitcast": always(refused("the bits of a number have no operator in ONNX")),
  ".random": always(refused("random bits have no operator in ONNX; use rand, randn or dropout")),
  ".iota": always(iota),
  ".reduce": always(reduce),
  ".gather": always(gather),
  ".scatterAdd": always(scatterAdd),
  ".contraction": always(
    refused(
      "a sum of products other than a convolution, linear, matmul or einsum; gradients are not exported",
    ),
  ),
  ".reshape": always((g, step) => reshapeTo(g, g.use(step.args[1]), g.dimsOf(step.args[1]), dimsOf(step))),
  ".permute": always((g, step) =>
    g.add("Transpose", [g.use(step.args[1])], { perm: parametersOf(step, "permute").axes }),
  ),
  ".pad": always(pad),
  ".slice": always(slice),
  ".flip": always(flip),
  ".window": always(window),
  ".unwindow": always(unwindow),
};
