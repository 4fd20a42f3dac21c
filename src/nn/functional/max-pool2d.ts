import { maxPoolIndices, maxPool2d as pool } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { NumberOrPair } from "../arguments.ts";
import { onBatch, type PoolOptions, poolGeometry } from "./pooling-arguments.ts";

export interface MaxPool2dOptions extends PoolOptions {
  /** Distance between elements of a window; 1 by default. */
  readonly dilation?: NumberOrPair | undefined;
  /** Whether to give the positions of the maxima too; false by default. */
  readonly returnIndices?: boolean | undefined;
}

/**
 * Maximum of each window.
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, H', W') with H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride)
 * + 1. With `returnIndices` a pair of that and int32 positions in the flattened plane (H, W).
 * @throws ShapeError, ArgumentError.
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: NumberOrPair,
  options: MaxPool2dOptions & { readonly returnIndices: true },
): [Tensor, Tensor];
export function maxPool2d(
  x: Tensor,
  kernelSize: NumberOrPair,
  options?: MaxPool2dOptions & { readonly returnIndices?: false | undefined },
): Tensor;
export function maxPool2d(
  x: Tensor,
  kernelSize: NumberOrPair,
  options?: MaxPool2dOptions,
): Tensor | [Tensor, Tensor];
export function maxPool2d(
  x: Tensor,
  kernelSize: NumberOrPair,
  options: MaxPool2dOptions = {},
): Tensor | [Tensor, Tensor] {
  const geometry = poolGeometry(kernelSize, options, "maxPool2d");
  const output = onBatch(x, "maxPool2d", (batch) => pool(batch, geometry).output);
  if (options.returnIndices !== true) return Tensor.of(output);
  const indices = onBatch(x, "maxPool2d", (batch) =>
    maxPoolIndices(pool(batch, geometry).offsets, batch, geometry),
  );
  return [Tensor.of(output), Tensor.of(indices)];
}
