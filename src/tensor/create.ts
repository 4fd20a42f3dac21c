/**
 * Functions that make tensors: from data, filled, in sequence, random, and from other tensors.
 */
import { allocate, checkDType, type DType, isFloat, promote, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { checkShape, formatShape, normalizeDim, type Shape, sizeOf } from "../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  expand,
  hostSource,
  iota,
  reshape,
  scalar,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import { defaultGenerator, type Generator } from "./generator.ts";
import {
  convert,
  dtypeOfArray,
  dtypeOfNested,
  flattenNested,
  isTypedArray,
  type Nested,
  shapeOfNested,
} from "./host-data.ts";
import { type Operand, Tensor } from "./tensor.ts";

/** `dtype`: float32 unless the data says otherwise. `requiresGrad`: false by default. */
export interface TensorOptions {
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
}

export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from; the default generator, seeded by `manualSeed`, unless given. */
  readonly generator?: Generator;
}

function finish(node: Node, options: TensorOptions): Tensor {
  const t = Tensor.of(node);
  return options.requiresGrad === true ? t.requiresGrad_() : t;
}

function typeOf(options: TensorOptions, name: string, fallback: DType = "float32"): DType {
  return options.dtype === undefined ? fallback : checkDType(options.dtype, name);
}

/**
 * A tensor from nested lists, a number, or a typed array (which gives one dimension). The data is copied.
 *
 * @throws ShapeError when lists of one depth differ in length.
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Int32Array([1, 2, 3])).dtype; // "int32"
 */
export function tensor(data: Nested | TypedArray, options: TensorOptions = {}): Tensor {
  if (data instanceof Tensor) {
    throw new ArgumentError("tensor: the data is a tensor already; use clone() for a copy");
  }
  if (isTypedArray(data)) {
    const dtype = typeOf(options, "tensor", dtypeOfArray(data));
    const copy = dtype === dtypeOfArray(data) ? data.slice() : convert(data, dtype);
    return finish(hostSource(copy, [data.length], dtype), options);
  }
  const shape = shapeOfNested(data);
  const dtype = typeOf(options, "tensor", dtypeOfNested(data));
  return finish(hostSource(flattenNested(data, dtype, sizeOf(shape)), shape, dtype), options);
}

/**
 * A tensor over a typed array without copying it. The array must not be changed afterwards.
 * @throws ShapeError when the shape does not hold as many elements.
 */
export function fromOwned(data: TypedArray, shape: Shape, dtype: DType = dtypeOfArray(data)): Tensor {
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(`fromOwned: ${data.length} elements do not fill ${formatShape(shape)}`, { shape });
  }
  return new Tensor(hostSource(data, shape, dtype));
}

/** A tensor of one value. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  const dtype = typeOf(options, "full");
  checkShape(shape, "full");
  return finish(
    expand(
      reshape(
        scalar(value, dtype),
        shape.map(() => 1),
      ),
      shape,
    ),
    options,
  );
}

/** Zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return finish(constant(0, checkShape(shape, "zeros"), typeOf(options, "zeros")), options);
}

/** Ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return finish(constant(1, checkShape(shape, "ones"), typeOf(options, "ones")), options);
}

/** A tensor whose values do not matter; they are zeros here. */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  return zeros(shape, options);
}

const like = (t: Tensor, options: TensorOptions): TensorOptions => ({ dtype: t.dtype, ...options });

export function zerosLike(t: Tensor, options: TensorOptions = {}): Tensor {
  return zeros(t.shape, like(t, options));
}

export function onesLike(t: Tensor, options: TensorOptions = {}): Tensor {
  return ones(t.shape, like(t, options));
}

export function fullLike(t: Tensor, value: number, options: TensorOptions = {}): Tensor {
  return full(t.shape, value, like(t, options));
}

export function randLike(t: Tensor, options: RandomOptions = {}): Tensor {
  return rand(t.shape, { ...like(t, options), ...options });
}

export function randnLike(t: Tensor, options: RandomOptions = {}): Tensor {
  return randn(t.shape, { ...like(t, options), ...options });
}

/**
 * start, start + step, ... below end. With one argument it counts from 0. Integers unless a fraction is given or a
 * float type asked for.
 */
export function arange(
  start: number,
  end?: number | TensorOptions,
  step?: number,
  options: TensorOptions = {},
): Tensor {
  if (typeof end !== "number") return arange(0, start, 1, end ?? options);
  const by = step ?? 1;
  if (by === 0 || Number.isNaN(by)) throw new ArgumentError(`arange: step must not be ${by}`, { step: by });
  const count = Math.max(0, Math.ceil((end - start) / by));
  const whole = [start, end, by].every(Number.isInteger);
  const dtype = typeOf(options, "arange", whole ? "int32" : "float32");
  const data = allocate(dtype, count);
  for (let i = 0; i < count; i++) data[i] = start + i * by;
  return finish(hostSource(data, [count], dtype), options);
}

/** `steps` values evenly spaced from start to end, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  const dtype = typeOf(options, "linspace");
  checkShape([steps], "linspace");
  const data = allocate(dtype, steps);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  for (let i = 0; i < steps; i++) data[i] = i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  return finish(hostSource(data, [steps], dtype), options);
}

/** Ones on the diagonal, zeros elsewhere. */
export function eye(n: number, m: number = n, options: TensorOptions = {}): Tensor {
  checkShape([n, m], "eye");
  const rows = expand(reshape(iota(n), [n, 1]), [n, m]);
  const columns = expand(reshape(iota(m), [1, m]), [n, m]);
  return finish(cast(compare("eq", rows, columns), typeOf(options, "eye")), options);
}

const drawFrom = (options: RandomOptions): Generator => options.generator ?? defaultGenerator;

function floatType(options: TensorOptions, name: string): DType {
  const dtype = typeOf(options, name);
  if (!isFloat(dtype)) throw new DTypeError(`${name}: needs a float type, got ${dtype}`, { dtype });
  return dtype;
}

/** Uniform in [0, 1). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  const dtype = floatType(options, "rand");
  return finish(ops.uniform01(drawFrom(options).next(), checkShape(shape, "rand"), dtype), options);
}

/** Standard normal. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  const dtype = floatType(options, "randn");
  return finish(ops.normal01(drawFrom(options).next(), checkShape(shape, "randn"), dtype), options);
}

/** Integers low <= n < high, int32 by default. */
export function randint(low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low) {
    throw new ArgumentError(`randint: needs integers low < high, got ${low} and ${high}`, { low, high });
  }
  const node = ops.integers(drawFrom(options).next(), low, high, checkShape(shape, "randint"));
  return finish(cast(node, typeOf(options, "randint", "int32")), options);
}

/** 0 to n - 1 in random order, int32. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  const [keyLow, keyHigh, low, high] = drawFrom(options)
    .next()
    .map((s) => (s.op.kind === "scalar" ? s.op.value : 0)) as [number, number, number, number];
  const data = allocate("int32", n);
  for (let i = 0; i < n; i++) data[i] = i;
  // Fisher and Yates (1938), driven by a small mixing function of the draw.
  let state =
    (Math.imul(keyLow ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(low + 1, 0xc2b2ae35) ^ keyHigh ^ high) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const held = data[i] as number;
    data[i] = data[j] as number;
    data[j] = held;
  }
  return finish(hostSource(data, [n], "int32"), options);
}

/** 1 with the probability that each element gives, else 0. */
export function bernoulli(probabilities: Tensor, options: RandomOptions = {}): Tensor {
  const { dtype, shape } = probabilities;
  if (!isFloat(dtype)) throw new DTypeError(`bernoulli: needs float probabilities, got ${dtype}`, { dtype });
  const u = ops.uniform01(drawFrom(options).next(), shape, dtype);
  return finish(cast(ops.lt(u, probabilities.node), typeOf(options, "bernoulli", dtype)), options);
}

/** Tensors joined along an axis; types are promoted. @throws ShapeError when other sizes differ. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new ArgumentError("cat: needs at least one tensor");
  const axis = normalizeDim(dim, first.ndim, "cat");
  const dtype = tensors.reduce((d, t) => promote(d, t.dtype), first.dtype);
  for (const t of tensors) {
    if (t.ndim !== first.ndim || t.shape.some((s, d) => d !== axis && s !== first.shape[d])) {
      throw new ShapeError(
        `cat: ${formatShape(t.shape)} does not fit ${formatShape(first.shape)}: all sizes but that of dimension ${axis} ` +
          "must be equal",
        { shape: t.shape, first: first.shape },
      );
    }
  }
  return Tensor.of(
    ops.concatenate(
      tensors.map((t) => cast(t.node, dtype)),
      axis,
    ),
  );
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return cat(
    tensors.map((t) => t.unsqueeze(dim)),
    dim,
  );
}

/** Elements of `a` where the condition holds, of `b` elsewhere. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const like = a instanceof Tensor ? a : b instanceof Tensor ? b : null;
  const node = (v: Operand): Node => {
    if (v instanceof Tensor) return v.node;
    const fits = like !== null && (isFloat(like.dtype) || (like.dtype !== "bool" && Number.isInteger(v)));
    return scalar(Number(v), fits ? like.dtype : typeof v === "boolean" ? "bool" : "float32");
  };
  return Tensor.of(ops.where(condition.node, node(a), node(b)));
}

/** Class indices as rows of one 1 among zeros: (*) -> (*, classes), int32. */
export function oneHot(index: Tensor, classes: number): Tensor {
  const shape = [...index.shape, classes];
  const column = expand(reshape(cast(index.node, "int32"), [...index.shape, 1]), shape);
  const line = expand(reshape(iota(classes), [...index.shape.map(() => 1), classes]), shape);
  return Tensor.of(cast(binary("and", compare("eq", column, line), constant(1, shape, "bool")), "int32"));
}
