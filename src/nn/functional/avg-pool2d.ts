import { avgPool2d as pool } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, type NumberOrPair } from "../arguments.ts";
import { onBatch, type PoolOptions, poolGeometry } from "./pooling-arguments.ts";

export interface AvgPool2dOptions extends PoolOptions {
  /** Whether padding counts as elements of a window; true by default. */
  readonly countIncludePad?: boolean | undefined;
  /** What sums are divided by instead of the number of elements. */
  readonly divisorOverride?: number | null | undefined;
}

/**
 * Mean of each window.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') with H' = floor((H + 2 padding - kernel) / stride) + 1.
 * @throws ShapeError, ArgumentError.
 */
export function avgPool2d(x: Tensor, kernelSize: NumberOrPair, options: AvgPool2dOptions = {}): Tensor {
  const geometry = poolGeometry(kernelSize, options, "avgPool2d");
  const divisor = options.divisorOverride ?? null;
  if (divisor !== null) checkCount(divisor, 1, "divisorOverride", "avgPool2d");
  return Tensor.of(
    onBatch(x, "avgPool2d", (batch) => pool(batch, geometry, options.countIncludePad ?? true, divisor)),
  );
}
