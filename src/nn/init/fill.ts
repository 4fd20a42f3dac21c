/**
 * Initialisers that ignore what a tensor is for. All work in place, record no gradient and return the tensor. Numbers
 * are program inputs, so that tensors of one shape are filled by one program.
 */
import { ArgumentError } from "../../base/errors.ts";
import { scalar } from "../../graph/build.ts";
import { type Node, withGradMode } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkRange } from "../arguments.ts";

/** Option of all random initialisers. */
export interface RandomInitOptions {
  /** Where the numbers come from; the default generator, seeded by `manualSeed`, unless given. */
  readonly generator?: Generator | undefined;
}

/** Replaces the values of a tensor outside of any gradient. */
export function assign<T extends Tensor>(tensor: T, value: Node): T {
  return withGradMode(false, () => tensor.assignNode(value));
}

/** low + (high - low) * u with u uniform in [0, 1). */
export function fillUniform<T extends Tensor>(
  tensor: T,
  low: number,
  high: number,
  options: RandomInitOptions,
): T {
  const { shape, dtype } = tensor;
  const u = ops.uniform01((options.generator ?? defaultGenerator).next(), shape, dtype);
  return assign(tensor, ops.add(ops.mul(u, scalar(high - low, dtype)), scalar(low, dtype)));
}

/** mean + std * n with n standard normal. */
export function fillNormal<T extends Tensor>(
  tensor: T,
  mean: number,
  std: number,
  options: RandomInitOptions,
): T {
  const { shape, dtype } = tensor;
  const n = ops.normal01((options.generator ?? defaultGenerator).next(), shape, dtype);
  return assign(tensor, ops.add(ops.mul(n, scalar(std, dtype)), scalar(mean, dtype)));
}

/** Options of `uniform_`. */
export interface UniformOptions extends RandomInitOptions {
  /** Lower bound; 0 by default. */
  readonly a?: number | undefined;
  /** Upper bound, excluded; 1 by default. */
  readonly b?: number | undefined;
}

/**
 * Uniform in [a, b), in place and outside of any gradient, as all initialisers.
 *
 * @param options.a 0 by default
 * @param options.b 1 by default
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @returns the tensor
 * @throws ArgumentError when b < a
 * @example
 * nn.init.uniform_(zeros([100]), { a: -0.5, b: 0.5 }).abs().le(0.5).all(); // true
 */
export function uniform_<T extends Tensor>(tensor: T, options: UniformOptions = {}): T {
  checkOptions(options, ["a", "b", "generator"], "uniform_");
  const [a, b] = [options.a ?? 0, options.b ?? 1];
  if (!(b >= a)) throw new ArgumentError(`uniform_: needs a <= b, got a ${a} and b ${b}`, { a, b });
  return fillUniform(tensor, a, b, options);
}

/** Options of `normal_`. */
export interface NormalOptions extends RandomInitOptions {
  /** 0 by default. */
  readonly mean?: number | undefined;
  /** Standard deviation; 1 by default. */
  readonly std?: number | undefined;
}

/**
 * Normal, in place.
 *
 * @param options.mean 0 by default
 * @param options.std standard deviation; 1 by default
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @returns the tensor
 * @throws ArgumentError for a negative std
 * @example
 * const layer = new nn.Linear(100, 100);
 * nn.init.normal_(layer.weight, { std: 0.01 }).std().sub(0.01).abs().lt(0.001); // true
 */
export function normal_<T extends Tensor>(tensor: T, options: NormalOptions = {}): T {
  checkOptions(options, ["mean", "std", "generator"], "normal_");
  const std = checkRange(options.std ?? 1, 0, Number.POSITIVE_INFINITY, "std", "normal_");
  return fillNormal(tensor, options.mean ?? 0, std, options);
}

/**
 * One value everywhere, in place. @returns the tensor.
 *
 * @example
 * nn.init.constant_(zeros([2]), 0.3); // [0.3, 0.3]
 */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  return assign(tensor, scalar(value, tensor.dtype));
}

/**
 * Zeros everywhere, in place. @returns the tensor.
 *
 * @example
 * nn.init.zeros_(new nn.Linear(4, 3).weight).sum(); // 0
 */
export function zeros_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 0);
}

/**
 * Ones everywhere, in place. @returns the tensor.
 *
 * @example
 * nn.init.ones_(zeros([3])); // [1, 1, 1]
 */
export function ones_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 1);
}
