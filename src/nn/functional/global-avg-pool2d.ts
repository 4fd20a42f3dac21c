import { mean } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { onBatch } from "./pooling-arguments.ts";

/** Mean of each channel's plane. Shape (N, C, H, W) or (C, H, W) -> (N, C) or (C). @throws ShapeError. */
export function globalAvgPool2d(x: Tensor): Tensor {
  return Tensor.of(onBatch(x, "globalAvgPool2d", (batch) => mean(batch, { dim: [2, 3] })));
}
