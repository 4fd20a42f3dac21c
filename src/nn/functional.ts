/**
 * Layers as functions of tensors, without parameters of their own: what `F` is in `import { F } from "tatamijs"`.
 */
export { type GeluOptions, gelu, relu, sigmoid, tanh } from "./functional/activations.ts";
export { adaptiveAvgPool2d, type OutputSize } from "./functional/adaptive-avg-pool2d.ts";
export { type AvgPool2dOptions, avgPool2d } from "./functional/avg-pool2d.ts";
export { type BatchNormOptions, batchNorm } from "./functional/batch-norm.ts";
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from "./functional/binary-cross-entropy-with-logits.ts";
export {
  type ConvFunctionOptions,
  type ConvGeometryOptions,
  conv1d,
  conv2d,
} from "./functional/convolution.ts";
export {
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
} from "./functional/cross-entropy.ts";
export { type DropoutOptions, dropout } from "./functional/dropout.ts";
export { globalAvgPool2d } from "./functional/global-avg-pool2d.ts";
export { l1Loss } from "./functional/l1-loss.ts";
export { type LinearOptions, linear } from "./functional/linear.ts";
export { type MaxPool2dOptions, maxPool2d } from "./functional/max-pool2d.ts";
export { mseLoss } from "./functional/mse-loss.ts";
export { type PadMode, type PadOptions, pad } from "./functional/pad.ts";
export type { PoolOptions } from "./functional/pooling-arguments.ts";
export type { LossOptions, Reduction } from "./functional/reduction.ts";
export { logSoftmax, softmax } from "./functional/softmax.ts";
