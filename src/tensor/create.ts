// long: every function that makes a tensor stands here, each with its documentation and example.
/**
 * Functions that make tensors: from data, filled, in sequence, random, and from other tensors.
 */
import { allocate, checkDType, type DType, isFloat, promote, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { checkShape, formatShape, normalizeDim, type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { cast, compare, constant, expand, hostSource, iota, reshape, scalar } from "../graph/build.ts";
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
import { checkTensor, type MultinomialOptions, type Operand, Tensor } from "./tensor.ts";

/** `dtype`: float32 unless the data says otherwise. `requiresGrad`: false by default. */
export interface TensorOptions {
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
}

/** Options of functions that draw random numbers. */
export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from; the default generator, seeded by `manualSeed`, unless given. */
  readonly generator?: Generator;
}

function finish(node: Node, options: TensorOptions): Tensor {
  const t = Tensor.of(node);
  return options.requiresGrad === true ? t.requiresGrad_() : t;
}

const plainOptions = ["dtype", "requiresGrad"];
const randomOptions = [...plainOptions, "generator"];

/** The type asked for. @throws ArgumentError for options that there are not, DTypeError for such a type. */
function typeOf(
  options: TensorOptions,
  name: string,
  fallback: DType = "float32",
  names: readonly string[] = plainOptions,
): DType {
  checkOptions(options, names, name, { flags: ["requiresGrad"] });
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
 *
 * @param dtype the array's own by default; "bool" for a Uint8Array of 0 and 1
 * @throws ShapeError when the shape does not hold as many elements
 * @example
 * fromOwned(new Float32Array([1, 2, 3, 4]), [2, 2]); // [[1, 2], [3, 4]]
 */
export function fromOwned(data: TypedArray, shape: Shape, dtype: DType = dtypeOfArray(data)): Tensor {
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(`fromOwned: ${data.length} elements do not fill ${formatShape(shape)}`, { shape });
  }
  return new Tensor(hostSource(data, shape, dtype));
}

/**
 * A tensor of one value.
 *
 * @param options.dtype float32 by default
 * @param options.requiresGrad false by default
 * @throws ShapeError for a size that is no integer of 0 or more, DTypeError for an unknown type
 * @example
 * full([2, 2], 7); // [[7, 7], [7, 7]]
 */
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

/**
 * Zeros. Options as `full`.
 *
 * @throws ShapeError, DTypeError
 * @example
 * zeros([2, 3]); // [[0, 0, 0], [0, 0, 0]]
 * zeros([2], { dtype: "bool" }); // [false, false]
 */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return finish(constant(0, checkShape(shape, "zeros"), typeOf(options, "zeros")), options);
}

/**
 * Ones. Options as `full`.
 *
 * @throws ShapeError, DTypeError
 * @example
 * ones([2, 3], { dtype: "int32" }).sum(); // 6
 */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return finish(constant(1, checkShape(shape, "ones"), typeOf(options, "ones")), options);
}

/**
 * A tensor whose values do not matter; they are zeros here. Options as `full`.
 *
 * @throws ShapeError, DTypeError
 * @example
 * empty([2, 3]).shape; // [2, 3]
 */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  return zeros(shape, options);
}

/** Options with the type of another tensor as the default. */
function like<O extends TensorOptions>(t: Tensor, options: O, name: string): O {
  checkTensor(t, "the first argument", name);
  checkOptions(options, randomOptions, name);
  return { dtype: t.dtype, ...options };
}

/**
 * Zeros in the shape and type of another tensor, unless `options.dtype` says otherwise.
 *
 * @throws DTypeError
 * @example
 * zerosLike(tensor([1, 2], { dtype: "int32" })).dtype; // "int32"
 */
export function zerosLike(t: Tensor, options: TensorOptions = {}): Tensor {
  const given = like(t, options, "zerosLike");
  return zeros(t.shape, given);
}

/**
 * Ones in the shape and type of another tensor, unless `options.dtype` says otherwise.
 *
 * @throws DTypeError
 * @example
 * onesLike(tensor([[5], [6]])); // [[1], [1]]
 */
export function onesLike(t: Tensor, options: TensorOptions = {}): Tensor {
  const given = like(t, options, "onesLike");
  return ones(t.shape, given);
}

/**
 * One value in the shape and type of another tensor, unless `options.dtype` says otherwise.
 *
 * @throws DTypeError
 * @example
 * fullLike(tensor([5, 6]), 0.5); // [0.5, 0.5]
 */
export function fullLike(t: Tensor, value: number, options: TensorOptions = {}): Tensor {
  const given = like(t, options, "fullLike");
  return full(t.shape, value, given);
}

/**
 * Uniform in [0, 1), in the shape and type of another tensor. Options as `rand`.
 *
 * @throws DTypeError for integers
 * @example
 * randLike(zeros([2, 3], { dtype: "float64" })).dtype; // "float64"
 */
export function randLike(t: Tensor, options: RandomOptions = {}): Tensor {
  const given = like(t, options, "randLike");
  return rand(t.shape, given);
}

/**
 * Standard normal, in the shape and type of another tensor. Options as `rand`.
 *
 * @throws DTypeError for integers
 * @example
 * randnLike(zeros([2, 3])).shape; // [2, 3]
 */
export function randnLike(t: Tensor, options: RandomOptions = {}): Tensor {
  const given = like(t, options, "randnLike");
  return randn(t.shape, given);
}

/**
 * start, start + step, ... below end (above it for a negative step). With one number it counts from 0 to that.
 *
 * @param options.dtype int32 by default, float32 where a number has a fraction; options may follow any of the numbers
 * @throws ArgumentError for a step of 0
 * @example
 * arange(3); // [0, 1, 2]
 * arange(1, 2, 0.25); // [1, 1.25, 1.5, 1.75]
 * arange(5, 0, -2); // [5, 3, 1]
 */
export function arange(
  start: number,
  end?: number | TensorOptions,
  step?: number,
  options: TensorOptions = {},
): Tensor {
  if (typeof end !== "number" && Number.isFinite(start)) return arange(0, start, 1, end ?? options);
  const by = step ?? 1;
  if (typeof end !== "number" || ![start, end, by].every(Number.isFinite)) {
    throw new ArgumentError(
      `arange: start, end and step must be finite numbers; got ${[start, end, by].map(String).join(", ")}`,
      { start, end, step: by },
    );
  }
  if (by === 0) throw new ArgumentError("arange: step must not be 0", { step: by });
  const count = Math.max(0, Math.ceil((end - start) / by));
  const whole = [start, end, by].every(Number.isInteger);
  const dtype = typeOf(options, "arange", whole ? "int32" : "float32");
  const data = allocate(dtype, count);
  for (let i = 0; i < count; i++) data[i] = start + i * by;
  return finish(hostSource(data, [count], dtype), options);
}

/**
 * `steps` values evenly spaced from start to end, both included. Options as `full`.
 *
 * @throws ShapeError for a number of steps that is no integer of 0 or more
 * @example
 * linspace(0, 1, 5); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  const dtype = typeOf(options, "linspace");
  checkShape([steps], "linspace");
  const data = allocate(dtype, steps);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  for (let i = 0; i < steps; i++) data[i] = i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  return finish(hostSource(data, [steps], dtype), options);
}

/**
 * Ones on the diagonal of a matrix, zeros elsewhere. Options as `full`.
 *
 * @param n rows
 * @param m columns; n by default
 * @throws ShapeError for a size that is no integer of 0 or more
 * @example
 * eye(2, 3); // [[1, 0, 0], [0, 1, 0]]
 */
export function eye(n: number, m: number = n, options: TensorOptions = {}): Tensor {
  checkShape([n, m], "eye");
  const rows = expand(reshape(iota(n), [n, 1]), [n, m]);
  const columns = expand(reshape(iota(m), [1, m]), [n, m]);
  return finish(cast(compare("eq", rows, columns), typeOf(options, "eye")), options);
}

const drawFrom = (options: RandomOptions): Generator => options.generator ?? defaultGenerator;

function floatType(options: TensorOptions, name: string): DType {
  const dtype = typeOf(options, name, "float32", randomOptions);
  if (!isFloat(dtype)) throw new DTypeError(`${name}: needs a float type, got ${dtype}`, { dtype });
  return dtype;
}

/**
 * Uniform in [0, 1). The same seed gives the same numbers on any number of threads.
 *
 * @param options.dtype float32 by default, or float64
 * @param options.requiresGrad false by default
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @throws DTypeError for integers, ShapeError
 * @example
 * const x = rand([1000]);
 * x.ge(0).logicalAnd(x.lt(1)).all(); // true
 */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  const dtype = floatType(options, "rand");
  return finish(ops.uniform01(drawFrom(options).next(), checkShape(shape, "rand"), dtype), options);
}

/**
 * Standard normal: mean 0, standard deviation 1. Options as `rand`.
 *
 * @throws DTypeError for integers, ShapeError
 * @example
 * randn([10_000]).std().sub(1).abs().lt(0.1); // true
 */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  const dtype = floatType(options, "randn");
  return finish(ops.normal01(drawFrom(options).next(), checkShape(shape, "randn"), dtype), options);
}

/**
 * Integers low <= n < high, all equally likely. Options as `rand`, with int32 by default.
 *
 * @throws ArgumentError unless both are integers and low < high, ShapeError
 * @example
 * randint(5, 6, [3]); // [5, 5, 5]
 * randint(0, 10, [64]).lt(10).all(); // true
 */
export function randint(low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low) {
    throw new ArgumentError(`randint: needs integers low < high, got ${low} and ${high}`, { low, high });
  }
  const node = ops.integers(drawFrom(options).next(), low, high, checkShape(shape, "randint"));
  return finish(cast(node, typeOf(options, "randint", "int32", randomOptions)), options);
}

/**
 * 0 to n - 1 in random order, int32. (Fisher and Yates, 1938.)
 *
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @example
 * randperm(5).sort().values; // [0, 1, 2, 3, 4]
 */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkShape([n], "randperm");
  typeOf(options, "randperm", "int32", randomOptions);
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

/**
 * 1 with the probability that each element gives, else 0. Shape (*) -> (*), in the type of the probabilities.
 *
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @throws DTypeError for probabilities that are integers
 * @example
 * bernoulli(tensor([0, 1, 1])); // [0, 1, 1]
 */
export function bernoulli(probabilities: Tensor, options: RandomOptions = {}): Tensor {
  checkTensor(probabilities, "probabilities", "bernoulli");
  const { dtype, shape } = probabilities;
  if (!isFloat(dtype)) throw new DTypeError(`bernoulli: needs float probabilities, got ${dtype}`, { dtype });
  const type = typeOf(options, "bernoulli", dtype, randomOptions);
  const u = ops.uniform01(drawFrom(options).next(), shape, dtype);
  return finish(cast(ops.lt(u, probabilities.node), type), options);
}

/**
 * Class indices drawn with probabilities in proportion to weights, which need not sum to 1. A class of weight 0 is
 * never drawn. Shapes: (classes) -> (numSamples), (rows, classes) -> (rows, numSamples), int32.
 *
 * Without replacement: the classes of the greatest log(u) / weight (Efraimidis and Spirakis, 2006). Weights that the
 * host knows are checked at the call; where computed ones have too few positive classes, -1 stands for those missing.
 *
 * @throws DTypeError, ShapeError, and ArgumentError when there are too few classes, or a weight is negative or not finite
 * @example
 * multinomial(tensor([0, 3, 0]), 4, { replacement: true }); // [1, 1, 1, 1]
 */
export function multinomial(
  probabilities: Tensor,
  numSamples: number,
  options: MultinomialOptions = {},
): Tensor {
  checkTensor(probabilities, "probabilities", "multinomial");
  return probabilities.multinomial(numSamples, options);
}

/**
 * Sum of products of tensors in Einstein's notation: an equation names the axes of each operand and of the result, and
 * names that the result lacks are summed over. A name twice in one operand is its diagonal, "..." stands for further
 * axes, which broadcast, and without "->" the result has the names that occur once, in alphabetical order. Operands
 * are multiplied from left to right, each pair as one matrix product.
 *
 * @throws ArgumentError for an equation that cannot be read, ShapeError and DTypeError where operands do not fit it
 * @example
 * const [a, b] = [ones([2, 3]), ones([3, 5])];
 * einsum("ij,jk->ik", a, b).shape; // [2, 5]
 * einsum("ij->j", a); // [2, 2, 2]
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  return Tensor.of(
    ops.einsum(
      equation,
      operands.map((t, i) => {
        checkTensor(t, `operand ${i}`, "einsum");
        return t.node;
      }),
    ),
  );
}

/** PyTorch's code may hand over tensors one by one. @throws ArgumentError unless it is a list of tensors. */
function checkList(tensors: readonly Tensor[], operation: string): void {
  if (!Array.isArray(tensors)) {
    throw new ArgumentError(
      `${operation}: tensors are given as a list, as in ${operation}([a, b]); got ${String(tensors)}`,
      {
        tensors,
      },
    );
  }
  tensors.forEach((t, i) => {
    checkTensor(t, `tensor ${i} of the list`, operation);
  });
}

/**
 * Tensors joined along an axis that they have; types are promoted.
 *
 * @param dim 0 by default
 * @throws ArgumentError for an empty list, ShapeError when sizes of other axes differ
 * @example
 * cat([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])]); // [[1, 2], [3, 4], [5, 6]]
 * cat([zeros([2, 3]), zeros([2, 5])], -1).shape; // [2, 8]
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  checkList(tensors, "cat");
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

/**
 * Tensors of one shape joined along a new axis: `n` tensors (*) -> (n, *) for axis 0.
 *
 * @param dim place of the new axis; 0 by default
 * @throws ArgumentError for an empty list, ShapeError when shapes differ
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1); // [[1, 3], [2, 4]]
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  checkList(tensors, "stack");
  const [first] = tensors;
  if (first === undefined) throw new ArgumentError("stack: needs at least one tensor");
  const other = tensors.find((t) => !sameShape(t.shape, first.shape));
  if (other !== undefined) {
    throw new ShapeError(
      `stack: ${formatShape(other.shape)} differs from ${formatShape(first.shape)}: all shapes must be equal; use cat to ` +
        "join along an axis that there is",
      { shape: other.shape, first: first.shape },
    );
  }
  normalizeDim(dim, first.ndim + 1, "stack");
  return cat(
    tensors.map((t) => t.unsqueeze(dim)),
    dim,
  );
}

/**
 * Elements of `a` where the condition holds, of `b` elsewhere, with broadcasting. Shapes (*), (*), (*) -> (*).
 *
 * @param condition bool
 * @throws DTypeError unless the condition is bool, ShapeError unless the shapes broadcast
 * @example
 * const x = tensor([-1, 2]);
 * where(x.gt(0), x, 0); // [0, 2]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const like = a instanceof Tensor ? a : b instanceof Tensor ? b : null;
  const node = (v: Operand): Node => {
    if (v instanceof Tensor) return v.node;
    if (typeof v !== "number" && typeof v !== "boolean") checkTensor(v, "what to choose from", "where");
    const fits = like !== null && (isFloat(like.dtype) || (like.dtype !== "bool" && Number.isInteger(v)));
    return scalar(Number(v), fits ? like.dtype : typeof v === "boolean" ? "bool" : "float32");
  };
  checkTensor(condition, "the condition", "where");
  return Tensor.of(ops.where(condition.node, node(a), node(b)));
}

/**
 * Class indices as rows of one 1 among zeros: (*) -> (*, classes), int32.
 *
 * @example
 * oneHot(tensor([1, 0], { dtype: "int32" }), 3); // [[0, 1, 0], [1, 0, 0]]
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  checkTensor(index, "index", "oneHot");
  return Tensor.of(ops.oneHot(index.node, classes));
}
