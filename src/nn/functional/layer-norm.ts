import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkOptions, checkRange, checkSameType } from "../arguments.ts";
import { checkNormalizedShape } from "./normalized-shape.ts";

/** Options of `F.layerNorm`. */
export interface LayerNormOptions {
  /** Shape normalizedShape: what normalised elements are multiplied by. */
  readonly weight?: Tensor | null | undefined;
  /** Shape normalizedShape: what is added after that. */
  readonly bias?: Tensor | null | undefined;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance over the last axes of each sample (Ba,
 * Kiros and Hinton, 2016). The variance is divided by n.
 *
 * @param x shape (*, normalizedShape), floats
 * @param normalizedShape sizes of the axes to normalise over, or the size of the last one
 * @param options.weight shape normalizedShape; ones by default
 * @param options.bias shape normalizedShape; zeros by default
 * @param options.eps added to the variance; 1e-5 by default
 * @returns the shape of x
 * @throws ShapeError where shapes do not fit, DTypeError unless all are floats of one type, ArgumentError for a wrong
 * normalizedShape or eps.
 * @example
 * F.layerNorm(tensor([[1, 3], [20, 40]]), [2]); // [[-1, 1], [-1, 1]]
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | readonly number[],
  options: LayerNormOptions = {},
): Tensor {
  return normalizeLayer(x, normalizedShape, options, "layerNorm");
}

/** The same for a layer or function of that name. */
export function normalizeLayer(
  x: Tensor,
  normalizedShape: number | readonly number[],
  options: LayerNormOptions,
  owner: string,
): Tensor {
  checkFloat(x, owner);
  checkOptions(options, ["weight", "bias", "eps"], owner, { nullable: ["weight", "bias"] });
  const { weight = null, bias = null } = options;
  if (weight !== null) checkSameType(x, weight, owner);
  if (bias !== null) checkSameType(x, bias, owner, "bias");
  const eps = checkRange(options.eps ?? 1e-5, 0, Number.POSITIVE_INFINITY, "eps", owner);
  const shape = checkNormalizedShape(normalizedShape, owner);
  return Tensor.of(ops.layerNorm(x.node, shape, weight?.node ?? null, bias?.node ?? null, eps, owner));
}
