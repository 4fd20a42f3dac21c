/** Winograd's algorithm F(4x4, 3x3) for what `recognize` has found. */
import type { Group, LoweredCall, LoweringContext } from "../../plan.ts";
import { lowerConvolution } from "./convolution.ts";
import type { Convolution, WeightGradient } from "./recognize.ts";
import { lowerWeightGradient } from "./weight-gradient.ts";

export function lowerWinograd(
  found: Convolution | WeightGradient,
  group: Group,
  context: LoweringContext,
): LoweredCall[] {
  return found.kind === "convolution"
    ? lowerConvolution(found, group, context)
    : lowerWeightGradient(found, group, context);
}
