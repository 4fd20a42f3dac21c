import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

export interface FlattenOptions {
  /** First axis that is joined; 1 by default, so that the batch stays. */
  readonly startDim?: number | undefined;
  /** Last axis that is joined; -1 by default. */
  readonly endDim?: number | undefined;
}

/** Joins axes into one. Shape (N, C, H, W) -> (N, C * H * W). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(options: FlattenOptions = {}) {
    super();
    this.startDim = options.startDim ?? 1;
    this.endDim = options.endDim ?? -1;
  }

  forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}
