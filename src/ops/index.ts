/** All operations on graph nodes, one file each by family. */
export { add } from "./binary/add.ts";
export { bitwiseAnd } from "./binary/bitwise-and.ts";
export { bitwiseOr } from "./binary/bitwise-or.ts";
export { bitwiseXor } from "./binary/bitwise-xor.ts";
export { div } from "./binary/div.ts";
export { maximum } from "./binary/maximum.ts";
export { minimum } from "./binary/minimum.ts";
export { mul } from "./binary/mul.ts";
export { pow } from "./binary/pow.ts";
export { remainder } from "./binary/remainder.ts";
export { scaled } from "./binary/scaled.ts";
export { refuseBools, sub } from "./binary/sub.ts";
export { where } from "./binary/where.ts";
export { eq } from "./compare/eq.ts";
export { ge } from "./compare/ge.ts";
export { gt } from "./compare/gt.ts";
export { le } from "./compare/le.ts";
export { lt } from "./compare/lt.ts";
export { ne } from "./compare/ne.ts";
export { multinomial } from "./create/multinomial.ts";
export { integers } from "./create/random.ts";
export {
  avgPool2d,
  batchNormInference,
  batchNormTraining,
  celu,
  clamp,
  concatenate,
  convolution,
  cumsum,
  einsum,
  elu,
  embedding,
  extreme,
  fold,
  gatherAlong,
  gelu,
  geluByTanh,
  groupNorm,
  hardsigmoid,
  hardswish,
  hardtanh,
  indexSelect,
  instanceNorm,
  isnan,
  layerNorm,
  leakyRelu,
  linear,
  localResponseNorm,
  logSigmoid,
  logSoftmax,
  logsumexp,
  matmul,
  matmulOfRank,
  maxPool2d,
  maxPoolIndices,
  mean,
  mish,
  norm,
  normal01,
  oneHot,
  pad,
  prelu,
  prod,
  relu,
  repeat,
  rsqrt,
  scatterAddAlong,
  scatterAlong,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  sort,
  square,
  sum,
  topk,
  transposedConvolution,
  truth,
  unfold,
  uniform01,
  variance,
} from "./named.ts";
export type { ConvolutionGeometry } from "./nn/convolution.ts";
export { checkClassTarget, pickLoss } from "./nn/cross-entropy.ts";
export { unfoldCounts } from "./nn/fold.ts";
export type { ResponseNormNumbers } from "./nn/local-response-norm.ts";
export { adaptiveMaxIndices, adaptiveWindows } from "./nn/pooling.ts";
export { type AxisMapping, resample } from "./nn/resample.ts";
export { type TransposedGeometry, transposedSizes } from "./nn/transposed-convolution.ts";
export type { Pair, WindowGeometry } from "./nn/windows.ts";
export { cumprod } from "./reduce/cumprod.ts";
export { argExtreme, extremeAlong } from "./reduce/extreme.ts";
export { argsort, type SortOptions } from "./reduce/sort.ts";
export type { TopkOptions } from "./reduce/topk.ts";
export { deviation } from "./reduce/variance.ts";
export { abs } from "./unary/abs.ts";
export { ceil } from "./unary/ceil.ts";
export { cos } from "./unary/cos.ts";
export { erf } from "./unary/erf.ts";
export { exp } from "./unary/exp.ts";
export { expm1 } from "./unary/expm1.ts";
export { floor } from "./unary/floor.ts";
export { isfinite } from "./unary/is-finite.ts";
export { log } from "./unary/log.ts";
export { log1p } from "./unary/log1p.ts";
export { logicalNot } from "./unary/logical-not.ts";
export { neg } from "./unary/neg.ts";
export { reciprocal } from "./unary/reciprocal.ts";
export { round } from "./unary/round.ts";
export { sign } from "./unary/sign.ts";
export { sin } from "./unary/sin.ts";
export { sqrt } from "./unary/sqrt.ts";
export { tanh } from "./unary/tanh.ts";
export { trunc } from "./unary/trunc.ts";
export { type ViewPair, views } from "./view/aliasing.ts";
export { pickJointly } from "./view/joint-index.ts";
export type { PadMode, PadOptions } from "./view/pad.ts";
export { chunkSize, splitSizes } from "./view/pick.ts";
export {
  cut,
  expandTo,
  flatten,
  flip,
  narrow,
  reshape,
  roll,
  squeeze,
  unflatten,
  unsqueeze,
} from "./view/shape-ops.ts";
export { unfoldAlong } from "./view/unfold-along.ts";
