import type { Tensor } from "../../tensor/tensor.ts";
import { fans } from "./fans.ts";
import { fillNormal, fillUniform, type RandomInitOptions } from "./fill.ts";

export interface XavierOptions extends RandomInitOptions {
  /** As `calculateGain` gives it; 1 by default. */
  readonly gain?: number | undefined;
}

/** gain * sqrt(2 / (fan-in + fan-out)). */
function spread(weight: Tensor, options: XavierOptions, owner: string): number {
  const { fanIn, fanOut } = fans(weight, owner);
  return (options.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform in +-gain * sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010). @throws ShapeError. */
export function xavierUniform_<T extends Tensor>(weight: T, options: XavierOptions = {}): T {
  const bound = Math.sqrt(3) * spread(weight, options, "xavierUniform_");
  return fillUniform(weight, -bound, bound, options);
}

/** Normal with standard deviation gain * sqrt(2 / (fan-in + fan-out)) (Glorot and Bengio, 2010). @throws ShapeError. */
export function xavierNormal_<T extends Tensor>(weight: T, options: XavierOptions = {}): T {
  return fillNormal(weight, 0, spread(weight, options, "xavierNormal_"), options);
}
