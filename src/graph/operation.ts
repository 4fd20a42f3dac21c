/**
 * The primitives of the graph. Everything that users call is one of these or composed of them; the schedule knows
 * no others. An operation is plain data: its parameters, never its operands.
 */
import type { BinaryFn, CompareFn, ReduceFn, UnaryFn } from "../base/scalar.ts";
import type { Shape } from "../base/shape.ts";

/** Where an operand of a contraction is read along one of its axes: the sum of `dims[i] * strides[i]`. */
export interface AxisMap {
  /** One loop dimension, or two: a sliding position and an offset inside the window. */
  readonly dims: readonly number[];
  readonly strides: readonly number[];
}

/**
 * out[i] = sum over k of A[f(i, k)] * B[g(i, k)], with f and g linear. `sizes` holds the extents of all loop
 * dimensions; the first `outputs` of them are the output's dimensions, the others are summed over. Matmul and all
 * three contractions of a convolution have this form. Every access lies inside its operand: padding is a "pad"
 * before, a stride in an input gradient an "unwindow".
 */
export interface ContractionSpec {
  readonly sizes: readonly number[];
  readonly outputs: number;
  readonly a: readonly AxisMap[];
  readonly b: readonly AxisMap[];
}

/** Views: every element of the result is one element of the operand, or a fill value. */
export type ViewOperation =
  | { readonly kind: "reshape" }
  /** Result axis i is operand axis `axes[i]`. */
  | { readonly kind: "permute"; readonly axes: readonly number[] }
  /** Axes of size 1 are repeated to the result's size; axes that the operand lacks are in front. */
  | { readonly kind: "expand" }
  | {
      readonly kind: "pad";
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly value: number;
    }
  /** Result index i reads operand index start + i * step. */
  | { readonly kind: "slice"; readonly start: readonly number[]; readonly step: readonly number[] }
  | { readonly kind: "flip"; readonly axes: readonly number[] }
  /**
   * Axis `axis` of the operand becomes two, (position p, offset k): result[p, k] = operand[p * stride + k * dilation].
   */
  | {
      readonly kind: "window";
      readonly axis: number;
      readonly size: number;
      readonly stride: number;
      readonly dilation: number;
    }
  /**
   * The transpose of "window" before it is summed: axes (p, k) at `axis` become (i, k) with
   * result[i, k] = operand[(i - k * dilation) / stride, k] where that is a whole number in range, else 0.
   */
  | {
      readonly kind: "unwindow";
      readonly axis: number;
      readonly length: number;
      readonly stride: number;
      readonly dilation: number;
    };

/** The graph of a composition, which `template.ts` makes; of it, the primitives know its number only. */
export interface CallTemplate {
  /** Stands for the structure. */
  readonly code: number;
  /** Whether it is one caller's graph, which is called again and again with the same state, rather than a composition's. */
  readonly recorded: boolean;
}

export type Operation =
  /** A leaf with a value: host data or device storage. */
  | { readonly kind: "source" }
  /** A number that a program takes as input, so that changing it compiles nothing. */
  | { readonly kind: "scalar"; readonly value: number }
  /** A number that is part of the program, in every element. */
  | { readonly kind: "constant"; readonly value: number }
  /** 0, 1, 2, ... along the only axis. */
  | { readonly kind: "iota" }
  /**
   * 32 random bits per element: word `word` of Philox 4x32-10 at counter (element, offset) under a 64-bit key.
   * Operands: key low, key high, offset low, offset high; int32 scalars.
   */
  | { readonly kind: "random"; readonly word: 0 | 1 | 2 | 3 }
  | { readonly kind: "unary"; readonly fn: UnaryFn }
  | { readonly kind: "binary"; readonly fn: BinaryFn }
  | { readonly kind: "compare"; readonly fn: CompareFn }
  /** Operands: condition (bool), value where true, value where false. */
  | { readonly kind: "where" }
  | { readonly kind: "cast" }
  /** float32 read as int32 or back, bit by bit. */
  | { readonly kind: "bitcast" }
  /** Reduced axes stay, with size 1. */
  | { readonly kind: "reduce"; readonly fn: ReduceFn; readonly axes: readonly number[] }
  /** result[.., j, ..] = operand[.., index[.., j, ..], ..] at `axis`; the index has the result's shape. */
  | { readonly kind: "gather"; readonly axis: number }
  /** Operands: base, index, values. The base with values added at index along `axis`. */
  | { readonly kind: "scatterAdd"; readonly axis: number }
  | { readonly kind: "contraction"; readonly spec: ContractionSpec }
  /** The operand itself. A place for a gradient rule of a composition, or for hooks. */
  | { readonly kind: "alias" }
  /** A composition of others over the operands, as one node; `expand.ts` takes it apart before anything is scheduled. */
  | { readonly kind: "call"; readonly template: CallTemplate }
  /** One of the results of a call that has several. */
  | { readonly kind: "result"; readonly index: number }
  | ViewOperation;

/** Shape of a window over an axis of `length` elements: how many positions fit. May be 0 or less. */
export function windowCount(length: number, size: number, stride: number, dilation: number): number {
  return Math.floor((length - dilation * (size - 1) - 1) / stride) + 1;
}

/** Output shape of a contraction. */
export function contractionShape(spec: ContractionSpec): Shape {
  return spec.sizes.slice(0, spec.outputs);
}
