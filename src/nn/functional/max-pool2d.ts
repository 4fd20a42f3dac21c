import { maxPoolIndices, maxPool2d as pool } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions, type NumberOrPair, type OptionRules } from "../arguments.ts";
import { batched, type PoolOptions, poolGeometry } from "./pooling-arguments.ts";

/** Options of `F.maxPool2d` and `nn.MaxPool2d`. */
export interface MaxPool2dOptions extends PoolOptions {
  /** Distance between elements of a window; 1 by default. */
  readonly dilation?: NumberOrPair | undefined;
  /** Whether to give the positions of the maxima too; false by default. */
  readonly returnIndices?: boolean | undefined;
}

/** Which options may be null, and which are flags. */
export const maxPoolRules: OptionRules = { nullable: ["stride"], flags: ["ceilMode", "returnIndices"] };

/** Names of the options. */
export const maxPoolOptions: readonly (keyof MaxPool2dOptions)[] = [
  "stride",
  "padding",
  "dilation",
  "ceilMode",
  "returnIndices",
];

/**
 * Maximum of each window; padding never is one.
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param kernelSize height and width of a window: a number or a pair, as all sizes here
 * @param options.stride distance between windows; the kernel size by default
 * @param options.padding elements added on both sides of each axis, at most half of the kernel; 0 by default
 * @param options.dilation distance between elements of a window; 1 by default
 * @param options.ceilMode whether a last window that is only partly inside counts; false by default
 * @param options.returnIndices whether to give the positions of the maxima too; false by default
 * @returns shape (N, C, H', W') or (C, H', W') with H' = floor((H + 2 padding - dilation (kernelSize - 1) - 1) / stride)
 *   + 1; with `returnIndices` a pair of that and int32 positions in the flattened plane (H, W), of the first maximum
 * @throws ShapeError where no window fits, ArgumentError, DTypeError unless x is float.
 * @example
 * F.maxPool2d(tensor([[[1, 5], [7, 3]]]), 2); // [[[7]]]
 * F.maxPool2d(tensor([[[1, 5], [7, 3]]]), 2, { returnIndices: true })[1]; // [[[2]]]
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
  return maxPoolFor(x, kernelSize, options, "maxPool2d");
}

/** The same for a layer or function of that name. */
export function maxPoolFor(
  x: Tensor,
  kernelSize: NumberOrPair,
  options: MaxPool2dOptions,
  owner: string,
): Tensor | [Tensor, Tensor] {
  checkOptions(options, maxPoolOptions, owner, maxPoolRules);
  const geometry = poolGeometry(kernelSize, options, owner);
  const { batch, restore } = batched(x, owner);
  const { output, offsets } = pool(batch, geometry, owner);
  const values = Tensor.of(restore(output));
  if (options.returnIndices !== true) return values;
  return [values, Tensor.of(restore(maxPoolIndices(offsets, batch, geometry)))];
}
