/**
 * Layers as functions of tensors, without parameters of their own: what `F` is in `import { F } from "tatamijs"`.
 */
export {
  type CeluOptions,
  celu,
  type EluOptions,
  elu,
  type GeluOptions,
  gelu,
  type HardtanhOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  mish,
  relu,
  type SoftplusOptions,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./functional/activations.ts";
export { adaptiveAvgPool2d, type OutputSize } from "./functional/adaptive-avg-pool2d.ts";
export { type AdaptiveMaxPool2dOptions, adaptiveMaxPool2d } from "./functional/adaptive-max-pool2d.ts";
export { type AvgPool2dOptions, avgPool2d } from "./functional/avg-pool2d.ts";
export { type BatchNormOptions, batchNorm } from "./functional/batch-norm.ts";
export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from "./functional/binary-cross-entropy.ts";
export {
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropyWithLogits,
} from "./functional/binary-cross-entropy-with-logits.ts";
export {
  type ConvTransposeFunctionOptions,
  type ConvTransposeGeometryOptions,
  convTranspose1d,
  convTranspose2d,
} from "./functional/conv-transpose.ts";
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
export { type DropoutOptions, dropout, dropout2d } from "./functional/dropout.ts";
export { type EmbeddingOptions, embedding } from "./functional/embedding.ts";
export { globalAvgPool2d } from "./functional/global-avg-pool2d.ts";
export { type GroupNormOptions, groupNorm } from "./functional/group-norm.ts";
export { type InstanceNormOptions, instanceNorm } from "./functional/instance-norm.ts";
export { type InterpolateMode, type InterpolateOptions, interpolate } from "./functional/interpolate.ts";
export { type KlDivOptions, klDiv } from "./functional/kl-div.ts";
export { l1Loss } from "./functional/l1-loss.ts";
export { type LayerNormOptions, layerNorm } from "./functional/layer-norm.ts";
export { type LinearOptions, linear } from "./functional/linear.ts";
export { type LocalResponseNormOptions, localResponseNorm } from "./functional/local-response-norm.ts";
export { logsigmoid } from "./functional/logsigmoid.ts";
export { type MaxPool2dOptions, maxPool2d } from "./functional/max-pool2d.ts";
export { mseLoss } from "./functional/mse-loss.ts";
export { type PadMode, type PadOptions, pad } from "./functional/pad.ts";
export { pixelShuffle, pixelUnshuffle } from "./functional/pixel-shuffle.ts";
export type { PoolOptions } from "./functional/pooling-arguments.ts";
export { prelu } from "./functional/prelu.ts";
export type { LossOptions, Reduction } from "./functional/reduction.ts";
export { relu6 } from "./functional/relu6.ts";
export {
  type HuberOptions,
  huberLoss,
  type SmoothL1Options,
  smoothL1Loss,
} from "./functional/smooth-l1-loss.ts";
export { logSoftmax, softmax } from "./functional/softmax.ts";
export { fold, type UnfoldOptions, unfold } from "./functional/unfold.ts";
