import { avgPool2d as pool } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkOptions, type NumberOrPair, type OptionRules } from "../arguments.ts";
import { onBatch, type PoolOptions, poolGeometry } from "./pooling-arguments.ts";

/** Options of `F.avgPool2d` and `nn.AvgPool2d`. */
export interface AvgPool2dOptions extends PoolOptions {
  /** Whether padding counts as elements of a window; true by default. */
  readonly countIncludePad?: boolean | undefined;
  /** What sums are divided by instead of the number of elements. */
  readonly divisorOverride?: number | null | undefined;
}

/** Which options may be null, and which are flags. */
export const avgPoolRules: OptionRules = {
  nullable: ["stride", "divisorOverride"],
  flags: ["ceilMode", "countIncludePad"],
};

/** Names of the options. */
export const avgPoolOptions: readonly (keyof AvgPool2dOptions)[] = [
  "stride",
  "padding",
  "ceilMode",
  "countIncludePad",
  "divisorOverride",
];

/**
 * Mean of each window.
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param kernelSize height and width of a window: a number or a pair, as all sizes here
 * @param options.stride distance between windows; the kernel size by default
 * @param options.padding zeros added on both sides of each axis, at most half of the kernel; 0 by default
 * @param options.ceilMode whether a last window that is only partly inside counts; false by default
 * @param options.countIncludePad whether padding counts as elements of a window; true by default
 * @param options.divisorOverride what sums are divided by instead of the number of elements
 * @returns shape (N, C, H', W') or (C, H', W') with H' = floor((H + 2 padding - kernelSize) / stride) + 1
 * @throws ShapeError where no window fits, ArgumentError, DTypeError unless x is float.
 * @example
 * F.avgPool2d(tensor([[[1, 5], [7, 3]]]), 2); // [[[4]]]
 */
export function avgPool2d(x: Tensor, kernelSize: NumberOrPair, options: AvgPool2dOptions = {}): Tensor {
  return avgPoolFor(x, kernelSize, options, "avgPool2d");
}

/** The same for a layer or function of that name. */
export function avgPoolFor(
  x: Tensor,
  kernelSize: NumberOrPair,
  options: AvgPool2dOptions,
  owner: string,
): Tensor {
  checkOptions(options, avgPoolOptions, owner, avgPoolRules);
  const geometry = poolGeometry(kernelSize, options, owner);
  const divisor = options.divisorOverride ?? null;
  if (divisor !== null) checkCount(divisor, 1, "divisorOverride", owner);
  const includePad = options.countIncludePad ?? true;
  return Tensor.of(onBatch(x, owner, (batch) => pool(batch, geometry, includePad, divisor, owner)));
}
