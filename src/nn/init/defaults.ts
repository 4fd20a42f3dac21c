/**
 * How layers with a weight and a bias start unless told otherwise: as PyTorch's do.
 */
import type { Tensor } from "../../tensor/tensor.ts";
import { fans } from "./fans.ts";
import { uniform_ } from "./fill.ts";
import { kaimingUniform_ } from "./kaiming.ts";

/** Weight and bias uniform in +-1 / sqrt(fan-in). */
export function initializeLikePyTorch(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (bias === null) return;
  const bound = 1 / Math.sqrt(fans(weight, "bias").fanIn);
  uniform_(bias, { a: -bound, b: bound });
}
