/**
 * Gradient rules of all primitives. Rules are graphs too, so gradients of gradients need nothing more.
 */
import { isFloat } from "../base/dtype.ts";
import type { BinaryFn, UnaryFn } from "../base/scalar.ts";
import {
  binary,
  cast,
  compare,
  constant,
  expand,
  flip,
  gather,
  iota,
  pad,
  permute,
  reduce,
  reshape,
  scatterAdd,
  slice,
  unwindow,
  where,
  window,
} from "../graph/build.ts";
import { isGradEnabled, type Node } from "../graph/node.ts";
import type { Operation } from "../graph/operation.ts";
import { add } from "./binary/add.ts";
import { bitwiseAnd } from "./binary/bitwise-and.ts";
import { bitwiseOr } from "./binary/bitwise-or.ts";
import { bitwiseXor } from "./binary/bitwise-xor.ts";
import { div } from "./binary/div.ts";
import { maximum } from "./binary/maximum.ts";
import { minimum } from "./binary/minimum.ts";
import { mul } from "./binary/mul.ts";
import { pow } from "./binary/pow.ts";
import { remainder } from "./binary/remainder.ts";
import { sub } from "./binary/sub.ts";
import type { BinaryGradient, UnaryGradient } from "./definition.ts";
import { contractionGradients } from "./matrix/contraction-gradient.ts";
import { abs } from "./unary/abs.ts";
import { ceil } from "./unary/ceil.ts";
import { cos } from "./unary/cos.ts";
import { erf } from "./unary/erf.ts";
import { exp } from "./unary/exp.ts";
import { expm1 } from "./unary/expm1.ts";
import { floor } from "./unary/floor.ts";
import { log } from "./unary/log.ts";
import { log1p } from "./unary/log1p.ts";
import { logicalNot } from "./unary/logical-not.ts";
import { neg } from "./unary/neg.ts";
import { reciprocal } from "./unary/reciprocal.ts";
import { round } from "./unary/round.ts";
import { sign } from "./unary/sign.ts";
import { sin } from "./unary/sin.ts";
import { sqrt } from "./unary/sqrt.ts";
import { tanh } from "./unary/tanh.ts";
import { trunc } from "./unary/trunc.ts";
import { diagonal } from "./view/diagonal.ts";

const unaryGradients: Record<UnaryFn, UnaryGradient> = {
  neg: neg.definition.gradient,
  abs: abs.definition.gradient,
  sign: sign.definition.gradient,
  floor: floor.definition.gradient,
  ceil: ceil.definition.gradient,
  round: round.definition.gradient,
  trunc: trunc.definition.gradient,
  sqrt: sqrt.definition.gradient,
  reciprocal: reciprocal.definition.gradient,
  exp: exp.definition.gradient,
  expm1: expm1.definition.gradient,
  log: log.definition.gradient,
  log1p: log1p.definition.gradient,
  sin: sin.definition.gradient,
  cos: cos.definition.gradient,
  tanh: tanh.definition.gradient,
  erf: erf.definition.gradient,
  not: logicalNot.definition.gradient,
};

const none: BinaryGradient = () => [null, null];

const binaryGradients: Record<BinaryFn, BinaryGradient> = {
  add: add.definition.gradient,
  sub: sub.definition.gradient,
  mul: mul.definition.gradient,
  div: div.definition.gradient,
  max: maximum.definition.gradient,
  min: minimum.definition.gradient,
  pow: pow.definition.gradient,
  fmod: remainder.definition.gradient,
  and: bitwiseAnd.definition.gradient,
  or: bitwiseOr.definition.gradient,
  xor: bitwiseXor.definition.gradient,
  idiv: none,
  mod: none,
  shl: none,
  shr: none,
  mulhi: none,
};

/** Gradients with respect to the operands of a node; null where none flows. */
export function gradientsOf(node: Node, g: Node): readonly (Node | null)[] {
  const { op } = node;
  const [a, b] = node.inputs as [Node, Node];
  switch (op.kind) {
    case "unary":
      return [unaryGradients[op.fn](g, a, node)];
    case "binary":
      return binaryGradients[op.fn](g, a, b, node);
    case "where": {
      const zero = constant(0, g.shape, g.dtype);
      return [null, where(a, g, zero), where(a, zero, g)];
    }
    case "cast":
      return [isFloat(a.dtype) ? cast(g, a.dtype) : null];
    case "reduce":
      return [reduceGradient(op, a, node, g)];
    case "gather":
      return [scatterAdd(constant(0, a.shape, a.dtype), b, g, op.axis), null];
    case "scatterAdd":
      return [g, null, gather(g, b, op.axis)];
    case "contraction":
      return contractionGradients(op.spec, a, b, g);
    case "alias":
      return [g];
    case "call":
    case "result":
      throw new Error("gradients: templates have gradients of their own");
    case "source":
    case "scalar":
    case "constant":
    case "iota":
    case "random":
    case "compare":
    case "bitcast":
      return node.inputs.map(() => null);
    default:
      return [viewGradient(op, a, g)];
  }
}

function reduceGradient(op: Extract<Operation, { kind: "reduce" }>, x: Node, y: Node, g: Node): Node | null {
  switch (op.fn) {
    case "sum":
      return expand(g, x.shape);
    case "prod":
      return prodGradient(op.axes, x, g);
    case "max":
    case "min":
    case "fmax":
    case "fmin": {
      // Shared equally between all elements that reach the extreme, as PyTorch's amax does.
      const hit = cast(compare("eq", x, expand(y, x.shape)), x.dtype);
      const share = binary("div", g, reduce("sum", hit, op.axes));
      return binary("mul", hit, expand(share, x.shape));
    }
    case "argmax":
    case "argmin":
      return null;
  }
}

/** The product of all the others, which stays right where an element is 0. */
function prodGradient(axes: readonly number[], x: Node, g: Node): Node {
  const slope = isGradEnabled() ? productOfOthers(axes, x) : quotients(axes, x);
  return binary("mul", expand(g, x.shape), slope);
}

/** By division: one pass, but without the derivative that it would have where an element is 0. */
function quotients(axes: readonly number[], x: Node): Node {
  const zero = constant(0, x.shape, x.dtype);
  const one = constant(1, x.shape, x.dtype);
  const isZero = compare("eq", x, zero);
  const zeros = expand(reduce("sum", cast(isZero, x.dtype), axes), x.shape);
  const product = expand(reduce("prod", where(isZero, one, x), axes), x.shape);
  const others = binary("div", product, where(isZero, one, x));
  const alone = where(isZero, product, zero);
  return where(compare("eq", zeros, zero), others, where(compare("eq", zeros, one), alone, zero));
}

/** By multiplication: n passes over n elements, differentiable everywhere. */
function productOfOthers(axes: readonly number[], x: Node): Node {
  const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const order = [...kept, ...axes];
  const moved = permute(x, order);
  const n = axes.reduce((p, d) => p * (x.shape[d] as number), 1);
  const count = kept.reduce((p, d) => p * (x.shape[d] as number), 1);
  const square = [count, n, n];
  const rows = expand(reshape(moved, [count, 1, n]), square);
  const self = compare(
    "eq",
    expand(reshape(iota(n), [1, n, 1]), square),
    expand(reshape(iota(n), [1, 1, n]), square),
  );
  const others = reduce("prod", where(self, constant(1, square, x.dtype), rows), [2]);
  return permute(
    reshape(others, moved.shape),
    order.map((_, d) => order.indexOf(d)),
  );
}

type View = Extract<
  Operation,
  { kind: "reshape" | "permute" | "expand" | "pad" | "slice" | "flip" | "window" | "unwindow" }
>;

function viewGradient(op: View, x: Node, g: Node): Node {
  switch (op.kind) {
    case "reshape":
      return reshape(g, x.shape);
    case "permute":
      return permute(
        g,
        op.axes.map((_, d) => op.axes.indexOf(d)),
      );
    case "expand": {
      const missing = g.shape.length - x.shape.length;
      const axes = g.shape.flatMap((s, d) =>
        d < missing || (x.shape[d - missing] === 1 && s !== 1) ? [d] : [],
      );
      return axes.length === 0 ? g : reshape(reduce("sum", g, axes), x.shape);
    }
    case "pad":
      return slice(g, op.before, x.shape);
    case "slice":
      return sliceGradient(op.start, op.step, x, g);
    case "flip":
      return flip(g, op.axes);
    case "window": {
      const length = x.shape[op.axis] as number;
      const spread = unwindow(g, op.axis, length, op.stride, op.dilation);
      const summed = reduce("sum", spread, [op.axis + 1]);
      return reshape(summed, x.shape);
    }
    case "unwindow":
      return unwindowGradient(op, x, g);
  }
}

/** Puts the gradient of every step-th element back between zeros. */
function sliceGradient(start: readonly number[], step: readonly number[], x: Node, g: Node): Node {
  let spread = g;
  step.forEach((s, d) => {
    if (s === 1) return;
    const length = ((g.shape[d] as number) - 1) * s + 1;
    const shape = [...spread.shape.slice(0, d + 1), 1, ...spread.shape.slice(d + 1)];
    const wide = unwindow(reshape(spread, shape), d, length, s, 1);
    spread = reshape(wide, [...wide.shape.slice(0, d + 1), ...wide.shape.slice(d + 2)]);
  });
  const after = x.shape.map((s, d) => s - (start[d] as number) - (spread.shape[d] as number));
  return pad(spread, start, after, 0);
}

/** result[p, k] = g[p * stride + k * dilation, k], which is 0 where that lies outside. */
function unwindowGradient(op: Extract<Operation, { kind: "unwindow" }>, x: Node, g: Node): Node {
  const { axis, stride, dilation } = op;
  const count = x.shape[axis] as number;
  const size = x.shape[axis + 1] as number;
  const need = (count - 1) * stride + (size - 1) * dilation + 1;
  const missing = Math.max(0, need - op.length);
  const after = g.shape.map((_, d) => (d === axis ? missing : 0));
  const padded = pad(
    g,
    g.shape.map(() => 0),
    after,
    0,
  );
  // Windows over the index axis give (p, k', k); the wanted elements are those with k' = k.
  const wide = window(padded, axis, size, stride, dilation);
  const trimmed = slice(
    wide,
    wide.shape.map(() => 0),
    wide.shape.map((s, d) => (d === axis ? count : s)),
  );
  return diagonal(trimmed, axis + 1);
}
