import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./arguments.ts";
import { linear } from "./functional/linear.ts";
import { initializeLikePyTorch } from "./init/defaults.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

export interface LinearLayerOptions {
  /** Whether a bias is learned; true by default. */
  readonly bias?: boolean | undefined;
}

/**
 * y = x W^T + b.
 *
 * Shape (*, inFeatures) -> (*, outFeatures). Weight and bias start uniform in +-1 / sqrt(inFeatures).
 *
 * @example
 * const layer = new nn.Linear(128, 10);
 * layer(zeros([64, 128])).shape; // [64, 10]
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Shape (outFeatures, inFeatures). */
  weight: Parameter;
  /** Shape (outFeatures). */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearLayerOptions = {}) {
    super();
    this.inFeatures = checkCount(inFeatures, 1, "inFeatures", "Linear");
    this.outFeatures = checkCount(outFeatures, 1, "outFeatures", "Linear");
    this.weight = emptyParameter([outFeatures, inFeatures]);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures]) : null;
    initializeLikePyTorch(this.weight, this.bias);
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, { bias: this.bias });
  }

  override extraRepr(): string {
    return `${this.inFeatures}, ${this.outFeatures}, bias=${this.bias !== null}`;
  }
}
