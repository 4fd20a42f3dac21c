import type { Tensor } from "../../tensor/tensor.ts";
import { checkChoice, checkOptions } from "../arguments.ts";
import { fans } from "./fans.ts";
import { fillNormal, fillUniform, type RandomInitOptions } from "./fill.ts";
import { calculateGain, type Nonlinearity } from "./gain.ts";

/** Options of `kaimingUniform_` and `kaimingNormal_`. */
export interface KaimingOptions extends RandomInitOptions {
  /** Negative slope, for "leaky_relu"; 0 by default. */
  readonly a?: number | undefined;
  /** "fan_in" keeps the spread of activations, "fan_out" that of gradients; "fan_in" by default. */
  readonly mode?: "fan_in" | "fan_out" | undefined;
  /** Function that follows the layer; "leaky_relu" by default. */
  readonly nonlinearity?: Nonlinearity | undefined;
}

/** gain / sqrt(fan). */
function spread(weight: Tensor, options: KaimingOptions, owner: string): number {
  const mode = checkChoice(options.mode ?? "fan_in", ["fan_in", "fan_out"], "mode", owner);
  const { fanIn, fanOut } = fans(weight, owner);
  const gain = calculateGain(options.nonlinearity ?? "leaky_relu", { param: options.a ?? 0 });
  return gain / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}

/**
 * Uniform in +-gain * sqrt(3 / fan), in place (He et al., 2015).
 *
 * @param weight (out, in, *kernel)
 * @param options.mode "fan_in" keeps the spread of activations, "fan_out" that of gradients; "fan_in" by default
 * @param options.nonlinearity function that follows; "leaky_relu" by default
 * @param options.a negative slope of "leaky_relu"; 0 by default
 * @returns the tensor
 * @throws ShapeError below 2 dimensions, ArgumentError for an unknown mode or function
 * @example
 * const weight = nn.init.kaimingUniform_(zeros([16, 6]), { nonlinearity: "relu" });
 * weight.abs().le(Math.SQRT2 * Math.sqrt(3 / 6)).all(); // true
 */
export function kaimingUniform_<T extends Tensor>(weight: T, options: KaimingOptions = {}): T {
  checkOptions(options, ["a", "mode", "nonlinearity", "generator"], "kaimingUniform_");
  const bound = Math.sqrt(3) * spread(weight, options, "kaimingUniform_");
  return fillUniform(weight, -bound, bound, options);
}

/**
 * Normal with standard deviation gain / sqrt(fan), in place (He et al., 2015). Options as `kaimingUniform_`.
 *
 * @param weight (out, in, *kernel)
 * @returns the tensor
 * @throws ShapeError below 2 dimensions, ArgumentError for an unknown mode or function
 * @example
 * const { weight } = new nn.Linear(128, 256);
 * nn.init.kaimingNormal_(weight, { mode: "fan_in", nonlinearity: "relu" });
 * weight.std().sub(Math.sqrt(2 / 128)).abs().lt(0.005); // true
 */
export function kaimingNormal_<T extends Tensor>(weight: T, options: KaimingOptions = {}): T {
  checkOptions(options, ["a", "mode", "nonlinearity", "generator"], "kaimingNormal_");
  return fillNormal(weight, 0, spread(weight, options, "kaimingNormal_"), options);
}
