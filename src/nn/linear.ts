import { ShapeError } from "../base/errors.ts";
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkOptions, checkSameType } from "./arguments.ts";
import { linear } from "./functional/linear.ts";
import { initializeLikePyTorch } from "./init/defaults.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `nn.Linear`. */
export interface LinearLayerOptions {
  /** Whether a bias is learned; true by default. */
  readonly bias?: boolean | undefined;
}

/**
 * y = x W^T + b: every output is a weighted sum of all inputs.
 *
 * Shape (*, inFeatures) -> (*, outFeatures). Weight and bias start uniform in +-1 / sqrt(inFeatures).
 *
 * @example
 * const layer = new nn.Linear(128, 10);
 * layer(zeros([64, 128])).shape; // [64, 10]
 */
export class Linear extends Module {
  static override readonly pure = true;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Shape (outFeatures, inFeatures). */
  weight: Parameter;
  /** Shape (outFeatures). */
  bias: Parameter | null;

  /**
   * @param inFeatures size of the last axis of the input
   * @param outFeatures size of the last axis of the output
   * @param options.bias whether a bias is learned; true by default
   * @throws ArgumentError unless both sizes are integers of 1 or more.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearLayerOptions = {}) {
    super();
    checkOptions(options, ["bias"], "Linear", { flags: ["bias"] });
    this.inFeatures = checkCount(inFeatures, 1, "inFeatures", "Linear");
    this.outFeatures = checkCount(outFeatures, 1, "outFeatures", "Linear");
    this.weight = emptyParameter([outFeatures, inFeatures]);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures]) : null;
    initializeLikePyTorch(this.weight, this.bias);
  }

  /** @throws ShapeError unless the last axis has inFeatures elements, DTypeError unless of the weight's type. */
  forward(x: Tensor): Tensor {
    const owner = `Linear(${this.inFeatures}, ${this.outFeatures})`;
    checkSameType(x, this.weight, owner);
    if (x.shape.at(-1) !== this.inFeatures) throw this.misfit(x.shape, owner);
    return linear(x, this.weight, { bias: this.bias });
  }

  private misfit(shape: Shape, owner: string): ShapeError {
    const { inFeatures, outFeatures } = this;
    const last = shape.at(-1);
    if (last === undefined) {
      return new ShapeError(
        `${owner}: input is a scalar, expected ${inFeatures} features in its last dimension`,
        {
          input: shape,
          inFeatures,
        },
      );
    }
    const flat = sizeOf(shape.slice(1));
    const fitting = (size: number): string => `Linear(${size}, ${outFeatures})`;
    const flattened = "flatten it first, with x.flatten(1) or nn.Flatten()";
    const fix =
      shape.length < 3
        ? `make it ${fitting(last)}`
        : flat === inFeatures
          ? flattened
          : `make it ${fitting(last)}, or ${fitting(flat)} and ${flattened}`;
    return new ShapeError(
      `${owner}: input has ${last} feature${last === 1 ? "" : "s"} in its last dimension, expected ${inFeatures} ` +
        `(input shape ${formatShape(shape)}); ${fix}`,
      { input: shape, inFeatures },
    );
  }

  override extraRepr(): string {
    return `${this.inFeatures}, ${this.outFeatures}, bias=${this.bias !== null}`;
  }
}
