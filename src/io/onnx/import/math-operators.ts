/** Elementwise operators, activations, reductions and products on tensors. */
import { isFloat, promote } from "../../../base/dtype.ts";
import * as F from "../../../nn/functional.ts";
import { where as choose, einsum } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { elementTypeOf } from "../schema.ts";
import type { Operator, Run } from "./operator.ts";
import { tensorType } from "./values.ts";

const unary =
  (f: (x: Tensor, op: Operator) => Tensor): Run =>
  (op) =>
    f(op.tensor(0), op);

/**
 * A second operand of old operator sets is aligned at `axis` rather than at the end where `broadcast` is set.
 */
function aligned(op: Operator): [Tensor, Tensor] {
  const [a, b] = [op.tensor(0), op.tensor(1)];
  const axis =
    op.node.attributes.has("broadcast") && op.node.attributes.has("axis") ? op.int("axis", 0) : null;
  if (axis === null) return [a, b];
  const behind = a.ndim - op.axis(axis, a.ndim) - b.ndim;
  return [a, b.reshape([...b.shape, ...new Array<number>(Math.max(behind, 0)).fill(1)])];
}

const binary =
  (f: (a: Tensor, b: Tensor, op: Operator) => Tensor): Run =>
  (op) =>
    f(...aligned(op), op);

const variadic =
  (f: (a: Tensor, b: Tensor) => Tensor): Run =>
  (op) =>
    op.inputs.map((_, i) => op.tensor(i)).reduce(f);

/** Division of integers rounds towards zero. */
function divide(a: Tensor, b: Tensor): Tensor {
  if (isFloat(a.dtype)) return a.div(b);
  return a.to("float64").div(b.to("float64")).trunc().to(promote(a.dtype, b.dtype));
}

/** With the sign of the divisor, or of the dividend where `fmod` is set. */
function modulo(a: Tensor, b: Tensor, op: Operator): Tensor {
  if (op.int("fmod", 0) === 0) return a.remainder(b);
  return a.abs().remainder(b.abs()).mul(a.sign());
}

/** The type of the base, whatever that of the exponent. */
function power(a: Tensor, b: Tensor): Tensor {
  if (isFloat(a.dtype)) return a.pow(b.to(a.dtype));
  return a.to("float64").pow(b.to("float64")).to(a.dtype);
}

function clip(op: Operator): Tensor {
  const x = op.tensor(0);
  const bound = (index: number, name: string): Tensor | number | undefined => {
    if (op.has(index)) return op.tensor(index).reshape([]);
    return op.node.attributes.has(name) ? op.float(name, 0) : undefined;
  };
  const [min, max] = [bound(1, "min"), bound(2, "max")];
  if (min === undefined && max === undefined) return x;
  return x.clamp({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) });
}

/** Up to operator set 12, all axes from `axis` on are one. */
const softmaxLike =
  (f: (x: Tensor, dim: number) => Tensor): Run =>
  (op) => {
    const x = op.tensor(0);
    if (op.opset >= 13) return f(x, op.axis(op.int("axis", -1), x.ndim));
    const axis = op.axis(op.int("axis", 1), x.ndim + 1);
    const flat = x.reshape([product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
    return f(flat, 1).reshape(x.shape);
  };

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function prelu(op: Operator): Tensor {
  const [x, slope] = [op.tensor(0), op.tensor(1)];
  const perChannel = slope.ndim === x.ndim - 1 && slope.shape.every((s, d) => d === 0 || s === 1);
  if (x.ndim >= 2 && perChannel && slope.shape[0] === x.shape[1])
    return F.prelu(x, slope.reshape([slope.numel()]));
  if (slope.numel() === 1) return F.prelu(x, slope.reshape([1]));
  return x.maximum(0).add(x.minimum(0).mul(slope));
}

function cast(op: Operator): Tensor {
  const code = op.int("to", 0);
  const type = elementTypeOf(code);
  if (type === null) throw op.refuse(`element type ${code} is not supported`);
  return op.tensor(0).to(tensorType(type));
}

// Reductions

const reduction =
  (f: (x: Tensor, dim: number[], keepdim: boolean) => Tensor): Run =>
  (op) => {
    const x = op.tensor(0);
    const given = op.axes(1);
    const none = given === null || given.length === 0;
    if (none && op.int("noop_with_empty_axes", 0) === 1) return x;
    const axes = none ? x.shape.map((_, d) => d) : given.map((a) => op.axis(a, x.ndim));
    return f(x, axes, op.int("keepdims", 1) === 1);
  };

/** Sums of integers are int32 here, whatever they were. */
const sum = (x: Tensor, dim: number[], keepdim: boolean): Tensor => x.sum(dim, { keepdim });

const argExtreme =
  (which: "argmax" | "argmin"): Run =>
  (op) => {
    const x = op.tensor(0);
    const axis = op.axis(op.int("axis", 0), x.ndim);
    const keepdim = op.int("keepdims", 1) === 1;
    if (op.int("select_last_index", 0) === 0) return x[which](axis, { keepdim });
    const last = (x.shape[axis] as number) - 1;
    return x.flip([axis])[which](axis, { keepdim }).neg().add(last);
  };

// Products

function gemm(op: Operator): Tensor {
  const turned = (index: number, name: string): Tensor =>
    op.int(name, 0) === 0 ? op.tensor(index) : op.tensor(index).t();
  const [alpha, beta] = [op.float("alpha", 1), op.float("beta", 1)];
  const c = op.tensorOrNull(2);
  // A linear layer, the most frequent form by far.
  const isLayer =
    op.int("transB", 0) === 1 &&
    alpha === 1 &&
    (c === null || (beta === 1 && c.ndim === 1 && c.numel() === op.tensor(1).shape[0]));
  if (isLayer) return F.linear(turned(0, "transA"), op.tensor(1), { bias: c });
  const y = turned(0, "transA").matmul(turned(1, "transB"));
  const scaled = alpha === 1 ? y : y.mul(alpha);
  return c === null ? scaled : scaled.add(beta === 1 ? c : c.mul(beta));
}

/** Integers are multiplied as doubles, exact up to 2^53. */
function matmul(op: Operator): Tensor {
  const [a, b] = [op.tensor(0), op.tensor(1)];
  if (isFloat(a.dtype)) return a.matmul(b);
  return a.to("float64").matmul(b.to("float64")).to(promote(a.dtype, b.dtype));
}

function layerNorm(op: Operator): readonly (Tensor | null)[] {
  const x = op.tensor(0);
  const axis = op.axis(op.int("axis", -1), x.ndim);
  const shape = x.shape.slice(axis);
  const eps = op.float("epsilon", 1e-5);
  const [weight, bias] = [op.tensor(1), op.tensorOrNull(2)];
  const fits = [weight, bias].every((t) => t === null || t.numel() === product(shape));
  const y = fits
    ? F.layerNorm(x, shape, { weight: weight.reshape(shape), bias: bias?.reshape(shape) ?? null, eps })
    : affine(F.layerNorm(x, shape, { eps }), weight, bias);
  if (op.node.outputs.length < 2) return [y];
  const dim = shape.map((_, i) => axis + i);
  const rest = x.var(dim, { keepdim: true, unbiased: false }).add(eps).rsqrt();
  return [y, x.mean(dim, { keepdim: true }), rest];
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = x.mul(weight);
  return bias === null ? y : y.add(bias);
}

const equationOf = (op: Operator): string => op.text("equation", "").replaceAll(/\s/g, "");

export const mathOperators: Readonly<Record<string, Run>> = {
  Add: binary((a, b) => a.add(b)),
  Sub: binary((a, b) => a.sub(b)),
  Mul: binary((a, b) => a.mul(b)),
  Div: binary(divide),
  Mod: binary(modulo),
  Pow: binary(power),
  Max: variadic((a, b) => a.maximum(b)),
  Min: variadic((a, b) => a.minimum(b)),
  Sum: variadic((a, b) => a.add(b)),
  Mean: (op) => (variadic((a, b) => a.add(b))(op) as Tensor).div(op.inputs.length),
  And: binary((a, b) => a.logicalAnd(b)),
  Or: binary((a, b) => a.logicalOr(b)),
  Xor: binary((a, b) => a.logicalXor(b)),
  Not: unary((x) => x.logicalNot()),
  Equal: binary((a, b) => a.eq(b)),
  Greater: binary((a, b) => a.gt(b)),
  GreaterOrEqual: binary((a, b) => a.ge(b)),
  Less: binary((a, b) => a.lt(b)),
  LessOrEqual: binary((a, b) => a.le(b)),
  Where: (op) => choose(op.tensor(0), op.tensor(1), op.tensor(2)),
  Abs: unary((x) => x.abs()),
  Neg: unary((x) => x.neg()),
  Sign: unary((x) => x.sign()),
  Floor: unary((x) => x.floor()),
  Ceil: unary((x) => x.ceil()),
  Round: unary((x) => x.round()),
  Sqrt: unary((x) => x.sqrt()),
  Reciprocal: unary((x) => x.reciprocal()),
  Exp: unary((x) => x.exp()),
  Log: unary((x) => x.log()),
  Sin: unary((x) => x.sin()),
  Cos: unary((x) => x.cos()),
  Tanh: unary((x) => x.tanh()),
  Erf: unary((x) => x.erf()),
  IsNaN: unary((x) => x.isnan()),
  IsInf: unary((x, op) => {
    const all = x.isfinite().logicalOr(x.isnan()).logicalNot();
    if (op.int("detect_positive", 1) === 0) return all.logicalAnd(x.lt(0));
    return op.int("detect_negative", 1) === 0 ? all.logicalAnd(x.gt(0)) : all;
  }),
  Cast: cast,
  CastLike: (op) => op.tensor(0).to(op.tensor(1).dtype),
  Identity: (op) => op.value(0),
  Clip: clip,
  Relu: unary((x) => x.relu()),
  Sigmoid: unary((x) => x.sigmoid()),
  LeakyRelu: unary((x, op) => F.leakyRelu(x, { negativeSlope: op.float("alpha", 0.01) })),
  Elu: unary((x, op) => F.elu(x, { alpha: op.float("alpha", 1) })),
  Celu: unary((x, op) => F.celu(x, { alpha: op.float("alpha", 1) })),
  Selu: unary((x, op) => {
    if (!op.node.attributes.has("alpha") && !op.node.attributes.has("gamma")) return F.selu(x);
    return F.elu(x, { alpha: op.float("alpha", 1.6732632423543772) }).mul(
      op.float("gamma", 1.0507009873554805),
    );
  }),
  Gelu: unary((x, op) =>
    F.gelu(x, { approximate: op.text("approximate", "none") === "tanh" ? "tanh" : "none" }),
  ),
  HardSigmoid: unary((x, op) => {
    const [alpha, beta] = [op.float("alpha", 0.2), op.float("beta", 0.5)];
    if (Math.abs(alpha - 1 / 6) < 1e-7 && beta === 0.5) return F.hardsigmoid(x);
    return x.mul(alpha).add(beta).clamp({ min: 0, max: 1 });
  }),
  HardSwish: unary((x) => F.hardswish(x)),
  Mish: unary((x) => F.mish(x)),
  Softplus: unary((x) => F.softplus(x)),
  Softsign: unary((x) => x.div(x.abs().add(1))),
  ThresholdedRelu: unary((x, op) => choose(x.gt(op.float("alpha", 1)), x, 0)),
  Shrink: unary((x, op) => {
    const [bias, limit] = [op.float("bias", 0), op.float("lambd", 0.5)];
    return choose(x.lt(-limit), x.add(bias), choose(x.gt(limit), x.sub(bias), 0)).to(x.dtype);
  }),
  PRelu: prelu,
  Softmax: softmaxLike((x, dim) => x.softmax(dim)),
  LogSoftmax: softmaxLike((x, dim) => x.logSoftmax(dim)),
  Hardmax: softmaxLike((x, dim) => {
    const best = x.argmax(dim, { keepdim: true });
    return x.mul(0).scatter(dim, best, 1);
  }),
  ReduceSum: reduction(sum),
  ReduceMean: reduction((x, dim, keepdim) =>
    (isFloat(x.dtype) ? x : x.to("float32")).mean(dim, { keepdim }).to(x.dtype),
  ),
  ReduceProd: reduction((x, dim, keepdim) => x.prod(dim, { keepdim })),
  ReduceMax: reduction((x, dim, keepdim) => x.amax(dim, { keepdim })),
  ReduceMin: reduction((x, dim, keepdim) => x.amin(dim, { keepdim })),
  ReduceL1: reduction((x, dim, keepdim) => x.abs().sum(dim, { keepdim })),
  ReduceL2: reduction((x, dim, keepdim) => x.norm({ dim, keepdim }).to(x.dtype)),
  ReduceSumSquare: reduction((x, dim, keepdim) => x.square().sum(dim, { keepdim })),
  ReduceLogSum: reduction((x, dim, keepdim) => x.sum(dim, { keepdim }).log()),
  ReduceLogSumExp: reduction((x, dim, keepdim) => x.logsumexp(dim, { keepdim })),
  ArgMax: argExtreme("argmax"),
  ArgMin: argExtreme("argmin"),
  CumSum: (op) => {
    const x = op.tensor(0);
    const axis = op.axis(op.numberOr(1, 0), x.ndim);
    const reverse = op.int("reverse", 0) === 1;
    const given = reverse ? x.flip([axis]) : x;
    const sums = given.cumsum(axis);
    const y = op.int("exclusive", 0) === 1 ? sums.sub(given) : sums;
    return reverse ? y.flip([axis]) : y;
  },
  Gemm: gemm,
  MatMul: matmul,
  Einsum: (op) => einsum(equationOf(op), ...op.inputs.map((_, i) => op.tensor(i))),
  LayerNormalization: layerNorm,
};
