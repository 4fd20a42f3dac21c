/** `tatamijs`: everything that runs on any host. What needs a file system is in `tatamijs/node`. */
export * as autograd from "./autograd.ts";
export type { DType, TypedArray } from "./base/dtype.ts";
export {
  ArgumentError,
  DTypeError,
  EngineError,
  FileFormatError,
  ShapeError,
  StateDictError,
} from "./base/errors.ts";
export type { Shape } from "./base/shape.ts";
export * as data from "./data/index.ts";
export { createEngine, currentEngine, type EngineOptions, useEngine } from "./engine/default.ts";
export type { Engine } from "./engine/engine.ts";
export type { MachinePeak } from "./engine/machine-peak.ts";
export type { KernelTiming, LaunchTiming, Profile } from "./engine/profile.ts";
export type { EngineStats } from "./engine/stats.ts";
export * as inspect from "./inspect/index.ts";
export * as io from "./io/index.ts";
export * as models from "./models/index.ts";
export { compile } from "./nn/compile.ts";
export * as F from "./nn/functional.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export { type HostFeatures, hostFeatures } from "./runtime/features.ts";
export * from "./tensor/create.ts";
export { defaultGenerator, Generator, manualSeed } from "./tensor/generator.ts";
export { enableGrad, noGrad } from "./tensor/grad-mode.ts";
export {
  type Alpha,
  type Dims,
  type IndexItem,
  type KeepDim,
  type MultinomialOptions,
  type Operand,
  type RemovableHandle,
  Tensor,
} from "./tensor/tensor.ts";
export * as train from "./train/index.ts";
