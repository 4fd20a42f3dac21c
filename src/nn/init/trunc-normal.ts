/**
 * The normal distribution cut off at both ends, from uniform numbers by the inverse of its distribution function.
 */
import { ArgumentError } from "../../base/errors.ts";
import { binary, compare, constant, expand, scalar, unary, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { defaultGenerator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, checkRange } from "../arguments.ts";
import { assign, type RandomInitOptions } from "./fill.ts";

/** Options of `truncNormal_`. */
export interface TruncNormalOptions extends RandomInitOptions {
  /** Of the whole distribution; 0 by default. */
  readonly mean?: number | undefined;
  /** Of the whole distribution; 1 by default. */
  readonly std?: number | undefined;
  /** Smallest value; -2 by default. */
  readonly a?: number | undefined;
  /** Largest value; 2 by default. */
  readonly b?: number | undefined;
}

/**
 * Normal with values outside of [a, b] drawn again, in place.
 *
 * @param options.mean of the whole distribution; 0 by default
 * @param options.std of the whole distribution; 1 by default
 * @param options.a smallest value; -2 by default
 * @param options.b largest value; 2 by default
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @returns the tensor
 * @throws ArgumentError unless a < b and std > 0
 * @example
 * nn.init.truncNormal_(zeros([1000]), { std: 0.02, a: -0.04, b: 0.04 }).abs().le(0.04001).all(); // true
 */
export function truncNormal_<T extends Tensor>(tensor: T, options: TruncNormalOptions = {}): T {
  checkOptions(options, ["mean", "std", "a", "b", "generator"], "truncNormal_");
  const { mean = 0, a = -2, b = 2 } = options;
  const std = checkRange(options.std ?? 1, 0, Number.POSITIVE_INFINITY, "std", "truncNormal_");
  if (!(a < b) || std === 0)
    throw new ArgumentError(`truncNormal_: needs a < b and std > 0, got ${a}, ${b} and ${std}`, {
      a,
      b,
      std,
    });
  const { shape, dtype } = tensor;
  const input = (value: number): Node => expand(scalar(value, dtype), shape);
  // The error functions of both ends bound a uniform number; its inverse error function is the normal one.
  const [low, high] = [hostErf((a - mean) / (std * Math.SQRT2)), hostErf((b - mean) / (std * Math.SQRT2))];
  const u = ops.uniform01((options.generator ?? defaultGenerator).next(), shape, dtype);
  const between = binary("add", binary("mul", u, input(high - low)), input(low));
  const normal = binary("add", binary("mul", inverseErf(between), input(std * Math.SQRT2)), input(mean));
  return assign(tensor, binary("min", binary("max", normal, input(a)), input(b)));
}

const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const tail = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
];

/** Inverse of the error function, to float32's precision (Giles, 2012). Shape (*) -> (*). */
function inverseErf(x: Node): Node {
  const c = (value: number): Node => constant(value, x.shape, x.dtype);
  const one = c(1);
  const w = unary("neg", unary("log", binary("mul", binary("sub", one, x), binary("add", one, x))));
  const polynomial = (coefficients: readonly number[], at: Node): Node =>
    coefficients
      .slice(1)
      .reduce((p, k) => binary("add", binary("mul", p, at), c(k)), c(coefficients[0] as number));
  const inside = polynomial(central, binary("sub", w, c(2.5)));
  const outside = polynomial(tail, binary("sub", unary("sqrt", w), c(3)));
  return binary("mul", where(compare("lt", w, c(5)), inside, outside), x);
}

/** The error function of one number, by Abramowitz and Stegun's series 7.1.6, which converges everywhere. */
function hostErf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
