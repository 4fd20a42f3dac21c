import type { Tensor } from "../../tensor/tensor.ts";
import { checkChoice } from "../arguments.ts";
import { fans } from "./fans.ts";
import { fillNormal, fillUniform, type RandomInitOptions } from "./fill.ts";
import { calculateGain, type Nonlinearity } from "./gain.ts";

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

/** Uniform in +-gain * sqrt(3 / fan) (He et al., 2015). @throws ShapeError below 2 dimensions. */
export function kaimingUniform_<T extends Tensor>(weight: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * spread(weight, options, "kaimingUniform_");
  return fillUniform(weight, -bound, bound, options);
}

/** Normal with standard deviation gain / sqrt(fan) (He et al., 2015). @throws ShapeError below 2 dimensions. */
export function kaimingNormal_<T extends Tensor>(weight: T, options: KaimingOptions = {}): T {
  return fillNormal(weight, 0, spread(weight, options, "kaimingNormal_"), options);
}
