/** Modules: layers, containers, losses, and what belongs to them. */
export {
  GELU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  Softmax,
  type SoftmaxOptions,
  Tanh,
} from "./activations.ts";
export type { NumberOrPair } from "./arguments.ts";
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from "./batch-norm.ts";
export { ModuleDict, ModuleList, Sequential } from "./containers.ts";
export { Conv1d, Conv2d, type ConvOptions, type PaddingMode } from "./convolution.ts";
export { Dropout } from "./dropout.ts";
export { Flatten, type FlattenOptions } from "./flatten.ts";
export * as functional from "./functional.ts";
export { Identity } from "./identity.ts";
export * as init from "./init.ts";
export { Linear, type LinearLayerOptions } from "./linear.ts";
export { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss } from "./losses.ts";
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
export { Parameter } from "./parameter.ts";
export { AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d } from "./pooling.ts";
export type { LoadResult, StateDict } from "./state-dict.ts";
export * as utils from "./utils.ts";
