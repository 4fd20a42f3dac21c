/** The operations of the bench as Tatami's users call them. */
import { cat, F, type Tensor } from "../../src/index.ts";
import type { OperationName } from "../operations.ts";

export const tatamiOperations: Readonly<Record<OperationName, (x: Tensor, weight: Tensor) => Tensor>> = {
  "sum of rows": (x) => x.sum(1),
  "sum of columns": (x) => x.sum(0),
  "deviation of rows": (x) => x.std(1),
  "softmax of rows": (x) => x.softmax(1),
  "softmax of columns": (x) => x.softmax(0),
  "log softmax of rows": (x) => x.logSoftmax(1),
  "sum of all": (x) => x.sum().reshape([1]),
  "running sum of rows": (x) => x.cumsum(1),
  "running sum of columns": (x) => x.cumsum(0),
  transpose: (x) => x.t(),
  "layer norm": (x, weight) => F.layerNorm(x, [x.size(-1)], { weight, bias: weight }),
  "group norm, 8 groups": (x, weight) => F.groupNorm(x, 8, { weight, bias: weight }),
  "batch norm": (x, weight) => F.batchNorm(x, null, null, { weight, bias: weight, training: true }),
  PReLU: (x, weight) => F.prelu(x, weight),
  GELU: (x) => F.gelu(x),
  "maximum of 3 x 3, stride 2": (x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  "mean of 2 x 2": (x) => F.avgPool2d(x, 2),
  "mean of 3 x 3": (x) => F.avgPool2d(x, 3, { stride: 1, padding: 1 }),
  "adaptive mean to 7 x 7": (x) => F.adaptiveAvgPool2d(x, 7),
  "bilinear to twice the size": (x) => F.interpolate(x, { scaleFactor: 2, mode: "bilinear" }),
  "concatenation with itself": (x) => cat([x, x], 1),
  "local response norm over 5": (x) => F.localResponseNorm(x, 5),
};
