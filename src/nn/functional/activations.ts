/** Elementwise activation functions without parameters. */
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { cast, scalar } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkChoice, checkNumber, checkOptions, checkPositive, checkTensor } from "../arguments.ts";

/** The operand's node. @throws ArgumentError for anything but a tensor. */
function nodeOf(x: Tensor, owner: string): Node {
  checkTensor(x, "input", owner);
  return x.node;
}

/** A number as an input of the program, of the type that the result will have: another number compiles nothing. */
function numberFor(x: Tensor, value: number): Node {
  return scalar(value, isFloat(x.dtype) ? x.dtype : "float32");
}

/**
 * max(x, 0). (Nair and Hinton, 2010.)
 *
 * @param x any shape (*); a number type
 * @returns shape (*), of the same type
 * @throws ArgumentError for anything but a tensor, DTypeError for bool.
 * @example
 * F.relu(tensor([-2, 0, 3])); // [0, 0, 3]
 */
export function relu(x: Tensor): Tensor {
  return Tensor.of(ops.relu(nodeOf(x, "relu")));
}

/**
 * 1 / (1 + e ** -x).
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*), elements from 0 to 1
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.sigmoid(tensor([-2, 0, 2])); // [0.1192, 0.5, 0.8808]
 */
export function sigmoid(x: Tensor): Tensor {
  return Tensor.of(ops.sigmoid(nodeOf(x, "sigmoid")));
}

/**
 * The hyperbolic tangent, (e ** x - e ** -x) / (e ** x + e ** -x).
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*), elements from -1 to 1
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.tanh(tensor([-1, 0, 1])); // [-0.7616, 0, 0.7616]
 */
export function tanh(x: Tensor): Tensor {
  return Tensor.of(ops.tanh(nodeOf(x, "tanh")));
}

/** Options of `F.gelu` and `nn.GELU`. */
export interface GeluOptions {
  /** "tanh" replaces the error function by 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))); "none" by default. */
  readonly approximate?: "none" | "tanh" | undefined;
}

/**
 * x * P(X <= x) for a standard normal X. (Hendrycks and Gimpel, 2016.)
 *
 * @param x any shape (*); integers become float32
 * @param options.approximate "tanh" for the cheaper form; "none" by default
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor, or another form.
 * @example
 * F.gelu(tensor([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions(options, ["approximate"], "gelu");
  const form = checkChoice(options.approximate ?? "none", ["none", "tanh"], "approximate", "gelu");
  const node = nodeOf(x, "gelu");
  return Tensor.of(form === "tanh" ? ops.geluByTanh(node) : ops.gelu(node));
}

/** Options of `F.leakyRelu` and `nn.LeakyReLU`. */
export interface LeakyReluOptions {
  /** What negative elements are multiplied by; 0.01 by default. */
  readonly negativeSlope?: number | undefined;
}

/**
 * x where x > 0, else negativeSlope * x. (Maas, Hannun and Ng, 2013.)
 *
 * @param x any shape (*); integers become float32
 * @param options.negativeSlope what negative elements are multiplied by; 0.01 by default. Another compiles nothing
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor, or a slope that is not a finite number.
 * @example
 * F.leakyRelu(tensor([-2, 0, 3]), { negativeSlope: 0.1 }); // [-0.2, 0, 3]
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions(options, ["negativeSlope"], "leakyRelu");
  const slope = checkNumber(options.negativeSlope ?? 0.01, "negativeSlope", "leakyRelu");
  return Tensor.of(ops.leakyRelu(nodeOf(x, "leakyRelu"), numberFor(x, slope)));
}

/** Options of `F.elu` and `nn.ELU`. */
export interface EluOptions {
  /** Minus the value that the function approaches for negative elements; 1 by default. */
  readonly alpha?: number | undefined;
}

/**
 * x where x > 0, else alpha * (e ** x - 1). (Clevert, Unterthiner and Hochreiter, 2016.)
 *
 * @param x any shape (*); integers become float32
 * @param options.alpha minus the value approached for negative elements; 1 by default. Another value compiles nothing
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor, or an alpha that is not a finite number.
 * @example
 * F.elu(tensor([-1, 0, 2])); // [-0.6321, 0, 2]
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkOptions(options, ["alpha"], "elu");
  const alpha = checkNumber(options.alpha ?? 1, "alpha", "elu");
  return Tensor.of(ops.elu(nodeOf(x, "elu"), numberFor(x, alpha)));
}

/** Options of `F.celu` and `nn.CELU`. */
export interface CeluOptions {
  /** Minus the value that the function approaches for negative elements, above 0; 1 by default. */
  readonly alpha?: number | undefined;
}

/**
 * x where x > 0, else alpha * (e ** (x / alpha) - 1): `elu` whose slope has no jump at 0, whatever alpha is. (Barron,
 * 2017.)
 *
 * @param x any shape (*); integers become float32
 * @param options.alpha minus the value approached for negative elements, above 0; 1 by default. Another compiles nothing
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor, or an alpha that is not above 0.
 * @example
 * F.celu(tensor([-1, 0, 2]), { alpha: 2 }); // [-0.7869, 0, 2]
 */
export function celu(x: Tensor, options: CeluOptions = {}): Tensor {
  checkOptions(options, ["alpha"], "celu");
  const alpha = checkPositive(options.alpha ?? 1, "alpha", "celu");
  return Tensor.of(ops.celu(nodeOf(x, "celu"), numberFor(x, alpha)));
}

/**
 * scale * x where x > 0, else scale * alpha * (e ** x - 1), with scale 1.0507 and alpha 1.6733, which keep mean 0 and
 * variance 1 from layer to layer if weights are normal with variance 1 / fan-in. (Klambauer, Unterthiner, Mayr and
 * Hochreiter, 2017.)
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.selu(tensor([-1, 0, 1])); // [-1.1113, 0, 1.0507]
 */
export function selu(x: Tensor): Tensor {
  return Tensor.of(ops.selu(nodeOf(x, "selu")));
}

/**
 * x * sigmoid(x), also called swish. (Elfwing, Uchibe and Doya, 2017.)
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.silu(tensor([-1, 0, 1])); // [-0.2689, 0, 0.7311]
 */
export function silu(x: Tensor): Tensor {
  return Tensor.of(ops.silu(nodeOf(x, "silu")));
}

/**
 * x * tanh(softplus(x)). (Misra, 2019.)
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.mish(tensor([-1, 0, 1])); // [-0.3034, 0, 0.8651]
 */
export function mish(x: Tensor): Tensor {
  return Tensor.of(ops.mish(nodeOf(x, "mish")));
}

/**
 * min(max(x + 3, 0), 6) / 6: a sigmoid of three straight lines. (Howard et al., 2019.)
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*), elements from 0 to 1
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.hardsigmoid(tensor([-4, 0, 1.5, 4])); // [0, 0.5, 0.75, 1]
 */
export function hardsigmoid(x: Tensor): Tensor {
  return Tensor.of(ops.hardsigmoid(nodeOf(x, "hardsigmoid")));
}

/**
 * x * min(max(x + 3, 0), 6) / 6: `silu` without an exponential. (Howard et al., 2019.)
 *
 * @param x any shape (*); integers become float32
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor.
 * @example
 * F.hardswish(tensor([-1, 0, 1, 4])); // [-0.3333, 0, 0.6667, 4]
 */
export function hardswish(x: Tensor): Tensor {
  return Tensor.of(ops.hardswish(nodeOf(x, "hardswish")));
}

/** Options of `F.hardtanh` and `nn.Hardtanh`. */
export interface HardtanhOptions {
  /** The smallest result; -1 by default. */
  readonly minVal?: number | undefined;
  /** The largest result, above minVal; 1 by default. */
  readonly maxVal?: number | undefined;
}

/** Both bounds. @throws ArgumentError unless they are finite numbers and minVal is below maxVal. */
export function hardtanhBounds(options: HardtanhOptions, owner: string): { minVal: number; maxVal: number } {
  checkOptions(options, ["minVal", "maxVal"], owner);
  const minVal = checkNumber(options.minVal ?? -1, "minVal", owner);
  const maxVal = checkNumber(options.maxVal ?? 1, "maxVal", owner);
  if (minVal < maxVal) return { minVal, maxVal };
  throw new ArgumentError(`${owner}: minVal must be below maxVal; got ${minVal} and ${maxVal}`, {
    minVal,
    maxVal,
  });
}

/**
 * min(max(x, minVal), maxVal): a hyperbolic tangent of three straight lines. As in PyTorch the gradient at both bounds is
 * 0, where that of `clamp` is 1. (Collobert, 2004.)
 *
 * @param x any shape (*); integers become float32
 * @param options.minVal the smallest result; -1 by default
 * @param options.maxVal the largest result, above minVal; 1 by default. Other values compile nothing
 * @returns shape (*), elements from minVal to maxVal
 * @throws ArgumentError for anything but a tensor, or bounds that are not finite and in order.
 * @example
 * F.hardtanh(tensor([-2, 0.5, 3]), { maxVal: 2 }); // [-1, 0.5, 2]
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  const { minVal, maxVal } = hardtanhBounds(options, "hardtanh");
  const node = nodeOf(x, "hardtanh");
  const [low, high] = [numberFor(x, minVal), numberFor(x, maxVal)];
  return Tensor.of(ops.hardtanh(cast(node, low.dtype), low, high));
}

/** Options of `F.softplus` and `nn.Softplus`. */
export interface SoftplusOptions {
  /** Steepness of the bend, above 0; 1 by default. */
  readonly beta?: number | undefined;
  /** Where beta * x is larger, the result is x itself; 20 by default. */
  readonly threshold?: number | undefined;
}

/**
 * ln(1 + e ** (beta x)) / beta, a smooth `relu`; x itself where beta x > threshold. (Dugas et al., 2001.)
 *
 * @param x any shape (*); integers become float32
 * @param options.beta steepness of the bend, above 0; 1 by default
 * @param options.threshold where beta x is larger, the result is x; 20 by default. Other values compile nothing
 * @returns shape (*)
 * @throws ArgumentError for anything but a tensor, a beta that is not above 0, or a threshold that is no number.
 * @example
 * F.softplus(tensor([-1, 0, 1])); // [0.3133, 0.6931, 1.3133]
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions(options, ["beta", "threshold"], "softplus");
  const beta = checkPositive(options.beta ?? 1, "beta", "softplus");
  const threshold = checkNumber(options.threshold ?? 20, "threshold", "softplus");
  return Tensor.of(ops.softplus(nodeOf(x, "softplus"), numberFor(x, beta), numberFor(x, threshold)));
}
