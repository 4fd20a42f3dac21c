/**
 * What a file of cases (`<op>.cases.ts`, beside the operation, never shipped) is made of: sample inputs, wrong inputs
 * with the error that they must give, and the PyTorch expression that says what is right. Everything in
 * `test/conformance/` is derived from these records: a new operation adds its definition and one file of cases.
 */
import type { DType } from "../base/dtype.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";

/** A tensor to try an operation on. Elements are exact in float32, so that every precision sees the same numbers. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: "float32" | "int32" | "uint8" | "bool";
  /** Whether its gradient is compared and checked; float inputs only. */
  readonly differentiable: boolean;
  /** Element `i` of `count`; `random` gives numbers in [0, 1), the same in every run. */
  readonly element: (random: () => number, i: number, count: number) => number;
}

export interface Sample {
  /** Says what is special about it; unique within the operation. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly run: (...inputs: Node[]) => Node | readonly Node[];
  /** Python expression over the inputs `a`, `b`, `c`, ... with `torch`, `F` and `math`: a tensor or a tuple of them. */
  readonly torch: string;
  /**
   * Error that is always accepted, in units of 2 ** -24 of the largest element; 8 by default. What PyTorch's own
   * float32 result misses the truth by is accepted twice over in any case.
   */
  readonly floor?: number;
  /** Whether inputs lie where the function has a kink, so that differences cannot check the gradient there. */
  readonly kinks?: boolean;
  /** Why second derivatives are not checked, where they are not. */
  readonly firstOrderOnly?: string;
}

/** A call that must fail. */
export interface BadInput {
  readonly name: string;
  readonly call: () => unknown;
  /** The whole message, or a pattern for it. */
  readonly message: string | RegExp;
  readonly error: "ShapeError" | "DTypeError" | "ArgumentError";
}

export interface OpCases {
  /** The operation's name, as `ops/index.ts` exports it. */
  readonly op: string;
  readonly samples: readonly Sample[];
  readonly bad?: readonly BadInput[];
}

// Inputs

/** Uniform in [low, high). */
export function uniform(shape: Shape, low = -2, high = 2): CaseInput {
  return {
    shape,
    dtype: "float32",
    differentiable: true,
    element: (random) => low + (high - low) * random(),
  };
}

/** Uniform in [low, high), at least `margin` away from every whole multiple of `step`, where functions have kinks. */
export function away(shape: Shape, low: number, high: number, step = 1, margin = 0.1): CaseInput {
  const element = (random: () => number): number => {
    const v = low + (high - low) * random();
    const nearest = Math.round(v / step) * step;
    return Math.abs(v - nearest) < margin ? nearest + (v < nearest ? -margin : margin) : v;
  };
  return { shape, dtype: "float32", differentiable: true, element };
}

/** All different, 0.125 apart, in mixed order: no ties for maxima, and room for finite differences. */
export function distinct(shape: Shape): CaseInput {
  const count = sizeOf(shape);
  // A stride that shares no factor with the count visits every place once.
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (commonFactor(stride, Math.max(count, 1)) > 1) stride++;
  const element = (_: () => number, i: number): number =>
    (((i * stride) % count) - Math.floor(count / 2)) / 8;
  return { shape, dtype: "float32", differentiable: true, element };
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b);
}

/** The listed values, in turn. */
export function values(
  shape: Shape,
  list: readonly number[],
  dtype: CaseInput["dtype"] = "float32",
): CaseInput {
  const element = (_: () => number, i: number): number => list[i % list.length] as number;
  return { shape, dtype, differentiable: dtype === "float32", element };
}

/** Whole numbers low <= n < high. */
export function integers(
  shape: Shape,
  low: number,
  high: number,
  dtype: "int32" | "uint8" = "int32",
): CaseInput {
  const element = (random: () => number): number => low + Math.floor((high - low) * random());
  return { shape, dtype, differentiable: false, element };
}

/** True or false, evenly. */
export function bools(shape: Shape): CaseInput {
  return { shape, dtype: "bool", differentiable: false, element: (random) => Number(random() < 0.5) };
}

/** The same input without a gradient. */
export function fixed(input: CaseInput): CaseInput {
  return { ...input, differentiable: false };
}

/** Elements that the sample named `key` has at one input; the same in every run and precision. */
export function elementsOf(input: CaseInput, key: string): number[] {
  const random = generator(key);
  const count = sizeOf(input.shape);
  return Array.from({ length: count }, (_, i) => Math.fround(input.element(random, i, count)));
}

/** A small generator of its own (Marsaglia's xorshift, 2003), so that cases depend on nothing that is tested. */
function generator(key: string): () => number {
  let state = 0x9e3779b9;
  for (let i = 0; i < key.length; i++) state = Math.imul(state ^ key.charCodeAt(i), 0x01000193);
  if (state === 0) state = 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 4; i++) next();
  return next;
}

// Families

/** Shapes that catch what even sizes hide: a scalar, one element, primes, H unlike W, sizes of 1 between others. */
const oddShapes: readonly Shape[] = [[], [1], [7], [3, 5], [2, 3, 1, 5], [37, 3]];

/** One sample for each odd shape. */
export function elementwise(
  run: (x: Node) => Node,
  torch: string,
  input: (shape: Shape) => CaseInput,
  more: Partial<Sample> = {},
): Sample[] {
  return oddShapes.map((shape) => ({ name: `[${shape}]`, inputs: [input(shape)], run, torch, ...more }));
}

/** Pairs of shapes that broadcast, from none to both ways. */
const broadcastPairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[5], []],
  [
    [3, 5],
    [3, 5],
  ],
  [[2, 3, 5], [5]],
  [
    [3, 1],
    [1, 7],
  ],
  [
    [1, 3, 1, 2],
    [5, 1, 3, 2],
  ],
];

/** One sample for each pair of shapes that broadcast. */
export function pairwise(
  run: (a: Node, b: Node) => Node,
  torch: string,
  left: (shape: Shape) => CaseInput,
  right: (shape: Shape) => CaseInput = left,
  more: Partial<Sample> = {},
): Sample[] {
  return broadcastPairs.map(([a, b]) => ({
    name: `[${a}] [${b}]`,
    inputs: [left(a), right(b)],
    run,
    torch,
    ...more,
  }));
}

/** Element types of the sample's inputs when floats are taken as `float`. */
export function dtypeIn(input: CaseInput, float: "float32" | "float64"): DType {
  return input.dtype === "float32" ? float : input.dtype;
}
