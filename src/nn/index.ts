/** Modules: layers, containers, losses, and what belongs to them. */
export {
  CELU,
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  Mish,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softplus,
  Tanh,
} from "./activations.ts";
export type { NumberOrPair } from "./arguments.ts";
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from "./batch-norm.ts";
export { ModuleDict, ModuleList, Sequential } from "./containers.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  type ConvTransposeCallOptions,
  type ConvTransposeOptions,
} from "./conv-transpose.ts";
export { Conv1d, Conv2d, type ConvOptions, type PaddingMode } from "./convolution.ts";
export { deepcopy } from "./deepcopy.ts";
export { Dropout, Dropout2d, type DropoutLayerOptions } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { Flatten, type FlattenOptions } from "./flatten.ts";
export * as functional from "./functional.ts";
export { GroupNorm, type GroupNormLayerOptions } from "./group-norm.ts";
export { Identity } from "./identity.ts";
export * as init from "./init.ts";
export { InstanceNorm2d, type InstanceNormLayerOptions } from "./instance-norm.ts";
export { LayerNorm, type LayerNormLayerOptions } from "./layer-norm.ts";
export { Linear, type LinearLayerOptions } from "./linear.ts";
export { LocalResponseNorm } from "./local-response-norm.ts";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from "./losses.ts";
export {
  type ForwardHook,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  type InputsOf,
  type Layer,
  Module,
  type OutputOf,
  registerModuleForwardHook,
  registerModuleForwardPreHook,
} from "./module.ts";
export {
  ConstantPad2d,
  type Padding1d,
  type Padding2d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  ZeroPad2d,
} from "./padding.ts";
export { Parameter } from "./parameter.ts";
export { PixelShuffle, PixelUnshuffle } from "./pixel-shuffle.ts";
export { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d } from "./pooling.ts";
export { PReLU, type PReLUOptions } from "./prelu.ts";
export { ReLU6 } from "./relu6.ts";
export { LogSoftmax, Softmax, type SoftmaxOptions } from "./softmax.ts";
export type { LoadResult, StateDict } from "./state-dict.ts";
export { Unflatten } from "./unflatten.ts";
export { Fold, Unfold } from "./unfold.ts";
export { Upsample } from "./upsample.ts";
export * as utils from "./utils.ts";
