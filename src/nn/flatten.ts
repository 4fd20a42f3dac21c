import { flatten } from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInteger, checkOptions, checkTensor } from "./arguments.ts";
import { Module } from "./module.ts";

/** Options of `nn.Flatten`. */
export interface FlattenOptions {
  /** First axis that is joined; 1 by default, so that the batch stays. */
  readonly startDim?: number | undefined;
  /** Last axis that is joined; -1 by default. */
  readonly endDim?: number | undefined;
}

/**
 * Joins axes into one, all but the first by default: between convolutions and `Linear`.
 *
 * Shape (N, C, H, W) -> (N, C * H * W).
 *
 * @example
 * new nn.Flatten()(zeros([8, 16, 5, 5])).shape; // [8, 400]
 * new nn.Flatten({ startDim: 2 })(zeros([8, 16, 5, 5])).shape; // [8, 16, 25]
 */
export class Flatten extends Module {
  static override readonly pure = true;
  readonly startDim: number;
  readonly endDim: number;

  /**
   * @param options.startDim first axis that is joined; 1 by default
   * @param options.endDim last axis that is joined; -1 by default
   * @throws ArgumentError unless both are integers.
   */
  constructor(options: FlattenOptions = {}) {
    super();
    checkOptions(options, ["startDim", "endDim"], "Flatten");
    this.startDim = checkInteger(options.startDim ?? 1, "startDim", "Flatten");
    this.endDim = checkInteger(options.endDim ?? -1, "endDim", "Flatten");
  }

  forward(x: Tensor): Tensor {
    checkTensor(x, "input", "Flatten");
    return x.reshape(flatten(x.node, this.startDim, this.endDim, "Flatten").shape);
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}
