import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { fans } from "./fans.ts";
import { fillNormal, fillUniform, type RandomInitOptions } from "./fill.ts";

/** Options of `xavierUniform_` and `xavierNormal_`. */
export interface XavierOptions extends RandomInitOptions {
  /** As `calculateGain` gives it; 1 by default. */
  readonly gain?: number | undefined;
}

/** gain * sqrt(2 / (fan-in + fan-out)). */
function spread(weight: Tensor, options: XavierOptions, owner: string): number {
  const { fanIn, fanOut } = fans(weight, owner);
  return (options.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Uniform in +-gain * sqrt(6 / (fan-in + fan-out)), in place (Glorot and Bengio, 2010).
 *
 * @param weight (out, in, *kernel)
 * @param options.gain as `calculateGain` gives it; 1 by default
 * @param options.generator where the numbers come from; the default generator, seeded by `manualSeed`, unless given
 * @returns the tensor
 * @throws ShapeError below 2 dimensions
 * @example
 * nn.init.xavierUniform_(zeros([10, 14])).abs().le(Math.sqrt(6 / 24)).all(); // true
 */
export function xavierUniform_<T extends Tensor>(weight: T, options: XavierOptions = {}): T {
  checkOptions(options, ["gain", "generator"], "xavierUniform_");
  const bound = Math.sqrt(3) * spread(weight, options, "xavierUniform_");
  return fillUniform(weight, -bound, bound, options);
}

/**
 * Normal with standard deviation gain * sqrt(2 / (fan-in + fan-out)), in place (Glorot and Bengio, 2010). Options as
 * `xavierUniform_`.
 *
 * @param weight (out, in, *kernel)
 * @returns the tensor
 * @throws ShapeError below 2 dimensions
 * @example
 * const weight = nn.init.xavierNormal_(zeros([100, 100]), { gain: nn.init.calculateGain("tanh") });
 * weight.std().sub(5 / 3 / 10).abs().lt(0.01); // true
 */
export function xavierNormal_<T extends Tensor>(weight: T, options: XavierOptions = {}): T {
  checkOptions(options, ["gain", "generator"], "xavierNormal_");
  return fillNormal(weight, 0, spread(weight, options, "xavierNormal_"), options);
}
