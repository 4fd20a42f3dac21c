import { mean } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { onBatch } from "./pooling-arguments.ts";

/**
 * Mean of each channel's plane. (Lin, Chen and Yan, 2013.)
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @returns shape (N, C) or (C)
 * @throws ShapeError for another number of dimensions, DTypeError unless x is float.
 * @example
 * F.globalAvgPool2d(tensor([[[1, 2], [3, 6]]])); // [3]
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  return globalAvgPoolFor(x, "globalAvgPool2d");
}

/** The same for a layer or function of that name. */
export function globalAvgPoolFor(x: Tensor, owner: string): Tensor {
  return Tensor.of(onBatch(x, owner, (batch) => mean(batch, { dim: [2, 3] })));
}
