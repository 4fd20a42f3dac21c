import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions, checkRange } from "./arguments.ts";
import { normalizeLayer } from "./functional/layer-norm.ts";
import { checkNormalizedShape } from "./functional/normalized-shape.ts";
import { ones_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `nn.LayerNorm`. */
export interface LayerNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number | undefined;
  /** Whether there is a learned weight, and a bias; true by default. */
  readonly elementwiseAffine?: boolean | undefined;
  /** Whether there is a learned bias beside the weight; true by default. */
  readonly bias?: boolean | undefined;
}

/**
 * Normalises each sample over its last axes: (x - mean) / sqrt(variance + eps) * weight + bias, with one weight and
 * bias per element. The same in training and evaluation. (Ba, Kiros and Hinton, 2016.)
 *
 * Shape (*, normalizedShape) -> the same. Weight starts with ones, bias with zeros.
 *
 * @example
 * const layer = new nn.LayerNorm(2);
 * layer(tensor([[1, 3], [20, 40]])); // [[-1, 1], [-1, 1]]
 */
export class LayerNorm extends Module {
  static override readonly pure = true;
  /** Sizes of the axes that are normalised over. */
  readonly normalizedShape: readonly number[];
  /** Added to the variance. */
  eps: number;
  /** Shape normalizedShape; null without `elementwiseAffine`. */
  weight: Parameter | null;
  /** Shape normalizedShape; null without `elementwiseAffine`, or without bias. */
  bias: Parameter | null;

  /**
   * @param normalizedShape sizes of the last axes of the input, or the size of the last one
   * @param options.eps added to the variance; 1e-5 by default
   * @param options.elementwiseAffine whether weight and bias are learned; true by default
   * @param options.bias false for a weight alone; true by default
   * @throws ArgumentError unless all sizes are positive integers and eps is 0 or more.
   */
  constructor(normalizedShape: number | readonly number[], options: LayerNormLayerOptions = {}) {
    super();
    const shape = checkNormalizedShape(normalizedShape, "LayerNorm");
    const flags = ["elementwiseAffine", "bias"];
    checkOptions(options, ["eps", ...flags], "LayerNorm", { flags });
    this.normalizedShape = [...shape];
    this.eps = checkRange(options.eps ?? 1e-5, 0, Number.POSITIVE_INFINITY, "eps", "LayerNorm");
    const affine = options.elementwiseAffine ?? true;
    this.weight = affine ? ones_(emptyParameter(shape)) : null;
    this.bias = affine && (options.bias ?? true) ? emptyParameter(shape) : null;
  }

  /**
   * @throws ShapeError for an input that does not end in the normalized shape, DTypeError unless it has the weight's
   * type.
   */
  forward(x: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    const owner = `LayerNorm([${normalizedShape.join(", ")}])`;
    return normalizeLayer(x, normalizedShape, { weight, bias, eps }, owner);
  }

  override extraRepr(): string {
    const affine = `elementwiseAffine=${this.weight !== null}`;
    const bias = this.weight === null ? "" : `, bias=${this.bias !== null}`;
    return `[${this.normalizedShape.join(", ")}], eps=${this.eps}, ${affine}${bias}`;
  }
}
