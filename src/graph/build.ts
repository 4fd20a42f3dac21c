/**
 * Constructors of graph nodes. They know how the shape of a result follows and do the simplifications that need no
 * view of the whole graph. They trust their caller: whatever comes from a user is checked in `ops/` first.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import {
  type BinaryFn,
  binaryFns,
  type CompareFn,
  compareFns,
  type ReduceFn,
  type UnaryFn,
  unaryFns,
} from "../base/scalar.ts";
import { type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { type DeviceStorage, type GradientRule, isGradEnabled, Node } from "./node.ts";
import { type ContractionSpec, contractionShape, windowCount } from "./operation.ts";

const none: readonly Node[] = [];
const scalarShape: Shape = [];
const sourceOp = { kind: "source" } as const;
const aliasOp = { kind: "alias" } as const;
const whereOp = { kind: "where" } as const;
const castOp = { kind: "cast" } as const;
const bitcastOp = { kind: "bitcast" } as const;
const iotaOp = { kind: "iota" } as const;
const reshapeOp = { kind: "reshape" } as const;
const expandOp = { kind: "expand" } as const;

/** A leaf over host data, which must not change afterwards. */
export function hostSource(data: TypedArray, shape: Shape, dtype: DType): Node {
  const node = new Node(sourceOp, none, shape, dtype);
  node.value = { kind: "host", data, uses: 0 };
  return node;
}

/** A leaf over device storage as it is now. */
export function storageSource(storage: DeviceStorage, shape: Shape): Node {
  const node = new Node(sourceOp, none, shape, storage.dtype);
  node.value = { kind: "storage", storage, version: storage.version };
  return node;
}

/** A number that is an input of the program. */
export function scalar(value: number, dtype: DType): Node {
  return new Node({ kind: "scalar", value }, none, scalarShape, dtype);
}

/** A number that is part of the program, expanded to `shape`. */
export function constant(value: number, shape: Shape, dtype: DType): Node {
  return new Node({ kind: "constant", value }, none, shape, dtype);
}

/** 0, 1, ..., length - 1 as int32. */
export function iota(length: number): Node {
  return new Node(iotaOp, none, [length], "int32");
}

/** Random bits as int32; `state` holds key low, key high, offset low and offset high. */
export function random(word: 0 | 1 | 2 | 3, state: readonly Node[], shape: Shape): Node {
  return new Node({ kind: "random", word }, state, shape, "int32");
}

export function unary(fn: UnaryFn, x: Node): Node {
  return new Node(unaryOps[fn], [x], x.shape, x.dtype);
}

/** Both operands have the same shape and type. */
export function binary(fn: BinaryFn, a: Node, b: Node): Node {
  return new Node(binaryOps[fn], [a, b], a.shape, a.dtype);
}

export function compare(fn: CompareFn, a: Node, b: Node): Node {
  return new Node(compareOps[fn], [a, b], a.shape, "bool");
}

export function where(condition: Node, a: Node, b: Node): Node {
  return new Node(whereOp, [condition, a, b], a.shape, a.dtype);
}

export function cast(x: Node, dtype: DType): Node {
  return x.dtype === dtype ? x : new Node(castOp, [x], x.shape, dtype);
}

export function bitcast(x: Node, dtype: "float32" | "int32"): Node {
  return x.dtype === dtype ? x : new Node(bitcastOp, [x], x.shape, dtype);
}

/** Reduces over `axes`, which stay as axes of size 1. */
export function reduce(fn: ReduceFn, x: Node, axes: readonly number[]): Node {
  const arg = fn === "argmax" || fn === "argmin";
  if (!arg && axes.every((d) => x.shape[d] === 1)) return x;
  const shape = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  // Nothing to combine gives the neutral element; programs have no loops over nothing.
  if (isEmpty(x) && (fn === "sum" || fn === "prod")) return constant(fn === "sum" ? 0 : 1, shape, x.dtype);
  return new Node({ kind: "reduce", fn, axes }, [x], shape, arg ? "int32" : x.dtype);
}

export function reshape(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  if (isPlain(x, "reshape")) return reshape(x.inputs[0] as Node, shape);
  return new Node(reshapeOp, [x], shape, x.dtype);
}

export function permute(x: Node, axes: readonly number[]): Node {
  if (axes.every((a, i) => a === i)) return x;
  const shape = axes.map((a) => x.shape[a] as number);
  return new Node({ kind: "permute", axes }, [x], shape, x.dtype);
}

/** Repeats axes of size 1; axes are aligned at the last, new ones may come in front. */
export function expand(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  if (x.op.kind === "constant" && x.value === null) return constant(x.op.value, shape, x.dtype);
  return new Node(expandOp, [x], shape, x.dtype);
}

export function pad(x: Node, before: readonly number[], after: readonly number[], value: number): Node {
  if (before.every((b) => b === 0) && after.every((a) => a === 0)) return x;
  const shape = x.shape.map((s, d) => s + (before[d] as number) + (after[d] as number));
  // All padding: there is no memory to read an operand without elements from.
  if (isEmpty(x)) return constant(value, shape, x.dtype);
  return new Node({ kind: "pad", before, after, value }, [x], shape, x.dtype);
}

/** Elements start, start + step, ... of each axis, `shape` of them. */
export function slice(x: Node, start: readonly number[], shape: Shape, step?: readonly number[]): Node {
  if (sameShape(x.shape, shape)) return x;
  const steps = step ?? new Array<number>(shape.length).fill(1);
  if (steps.every((s) => s === 1)) {
    if (isPlain(x, "pad")) return slicePad(x, start, shape);
    if (isPlain(x, "contraction")) return sliceContraction(x, start, shape);
  }
  return new Node({ kind: "slice", start, step: steps }, [x], shape, x.dtype);
}

/** The same of a value that is padded for several such parts: in memory once, with the zeros that any of them needs. */
export function partOf(x: Node, start: readonly number[], shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  return new Node({ kind: "slice", start, step: shape.map(() => 1) }, [x], shape, x.dtype);
}

export function flip(x: Node, axes: readonly number[]): Node {
  if (axes.every((d) => x.shape[d] === 1)) return x;
  return new Node({ kind: "flip", axes }, [x], x.shape, x.dtype);
}

/** Splits an axis into (position, offset in window). */
export function window(x: Node, axis: number, size: number, stride: number, dilation: number): Node {
  const count = windowCount(x.shape[axis] as number, size, stride, dilation);
  const shape = [...x.shape.slice(0, axis), count, size, ...x.shape.slice(axis + 1)];
  return new Node({ kind: "window", axis, size, stride, dilation }, [x], shape, x.dtype);
}

/** The transpose of `window` without its sum: axes (position, offset) become (index, offset). */
export function unwindow(x: Node, axis: number, length: number, stride: number, dilation: number): Node {
  const shape = [...x.shape];
  shape[axis] = length;
  return new Node({ kind: "unwindow", axis, length, stride, dilation }, [x], shape, x.dtype);
}

export function gather(x: Node, index: Node, axis: number): Node {
  return new Node({ kind: "gather", axis }, [x, index], index.shape, x.dtype);
}

export function scatterAdd(base: Node, index: Node, values: Node, axis: number): Node {
  if (isEmpty(index)) return base;
  return new Node({ kind: "scatterAdd", axis }, [base, index, values], base.shape, base.dtype);
}

export function contraction(spec: ContractionSpec, a: Node, b: Node): Node {
  if (spec.sizes.includes(0)) return constant(0, contractionShape(spec), a.dtype);
  return new Node({ kind: "contraction", spec }, [a, b], contractionShape(spec), a.dtype);
}

/** The node itself, under a name of its own: for hooks, or to stand for a leaf tensor. */
export function alias(x: Node): Node {
  return new Node(aliasOp, [x], x.shape, x.dtype);
}

/** The node without its past: no gradient flows through. */
export function detach(x: Node): Node {
  if (!x.requiresGrad) return x;
  const node = alias(x);
  node.requiresGrad = false;
  return node;
}

/** A composition whose gradient is given by a rule instead of being derived from its parts. */
export function withGradient(output: Node, inputs: readonly Node[], rule: GradientRule): Node {
  const node = alias(output);
  node.requiresGrad = isGradEnabled() && inputs.some((i) => i.requiresGrad);
  if (node.requiresGrad) node.custom = { inputs, rule };
  return node;
}

/**
 * Whether the node is an operation of this kind whose operands may be looked through. Not where gradients flow: a hook
 * on the node, registered later, would be passed by.
 */
function isPlain(x: Node, kind: string): boolean {
  return x.op.kind === kind && x.value === null && !x.requiresGrad && x.inputs.length > 0;
}

/** A slice of padding: less padding of a slice. */
function slicePad(x: Node, start: readonly number[], shape: Shape): Node {
  const { before, value } = x.op as Extract<Node["op"], { kind: "pad" }>;
  const inner = x.inputs[0] as Node;
  const from: number[] = [];
  const size: number[] = [];
  const newBefore: number[] = [];
  const newAfter: number[] = [];
  for (let d = 0; d < shape.length; d++) {
    const lo = (start[d] as number) - (before[d] as number);
    const hi = lo + (shape[d] as number);
    const length = inner.shape[d] as number;
    const first = Math.min(Math.max(lo, 0), length);
    const last = Math.max(Math.min(hi, length), first);
    if (last === first) {
      // Nothing of the operand is left: keep the pair as it is rather than invent an empty operand.
      return partOf(x, start, shape);
    }
    from.push(first);
    size.push(last - first);
    newBefore.push(first - lo);
    newAfter.push(hi - last);
  }
  return pad(slice(inner, from, size), newBefore, newAfter, value);
}

/** A slice of a contraction: a contraction of slices, which computes only what is asked for. */
function sliceContraction(x: Node, start: readonly number[], shape: Shape): Node {
  const { spec } = x.op as Extract<Node["op"], { kind: "contraction" }>;
  const sizes = spec.sizes.map((s, d) => (d < spec.outputs ? (shape[d] as number) : s));
  const cut = (operand: Node, maps: ContractionSpec["a"]): Node => {
    const from = maps.map((m) =>
      m.dims.reduce(
        (sum, d, i) => sum + (d < spec.outputs ? (start[d] as number) * (m.strides[i] as number) : 0),
        0,
      ),
    );
    const size = maps.map((m) =>
      m.dims.reduce((sum, d, i) => sum + ((sizes[d] as number) - 1) * (m.strides[i] as number), 1),
    );
    return slice(operand, from, size);
  };
  const [a, b] = x.inputs as [Node, Node];
  return contraction({ ...spec, sizes }, cut(a, spec.a), cut(b, spec.b));
}

function table<F extends string, T>(fns: readonly F[], make: (fn: F) => T): Record<F, T> {
  return Object.fromEntries(fns.map((fn) => [fn, make(fn)])) as Record<F, T>;
}

// One object per function, so that making a node allocates only the node.
const unaryOps = table(unaryFns, (fn) => ({ kind: "unary", fn }) as const);
const binaryOps = table(binaryFns, (fn) => ({ kind: "binary", fn }) as const);
const compareOps = table(compareFns, (fn) => ({ kind: "compare", fn }) as const);

function isEmpty(x: Node): boolean {
  return sizeOf(x.shape) === 0;
}
