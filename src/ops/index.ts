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
export { sub } from "./binary/sub.ts";
export { where } from "./binary/where.ts";
export { eq } from "./compare/eq.ts";
export { ge } from "./compare/ge.ts";
export { gt } from "./compare/gt.ts";
export { le } from "./compare/le.ts";
export { lt } from "./compare/lt.ts";
export { ne } from "./compare/ne.ts";
export { integers, normal01, type RandomState, uniform01 } from "./create/random.ts";
export { linear } from "./matrix/linear.ts";
export { matmul, matmulOfRank } from "./matrix/matmul.ts";
export { type BatchStatistics, batchNormInference, batchNormTraining } from "./nn/batch-norm.ts";
export { type ConvolutionGeometry, convolution } from "./nn/convolution.ts";
export { checkClassTarget, classMask, pickLoss } from "./nn/cross-entropy.ts";
export {
  avgPool2d,
  maxPool2d,
  maxPoolIndices,
  type Pair,
  type PoolGeometry,
  poolCount,
} from "./nn/pooling.ts";
export { argExtreme, extreme, extremeAlong } from "./reduce/extreme.ts";
export { logsumexp } from "./reduce/logsumexp.ts";
export { mean } from "./reduce/mean.ts";
export { type NormOptions, norm } from "./reduce/norm.ts";
export { prod } from "./reduce/prod.ts";
export { type ReduceOptions, reducedCount, reduceOver, withoutAxes } from "./reduce/reduction.ts";
export { logSoftmax, softmax } from "./reduce/softmax.ts";
export { sum } from "./reduce/sum.ts";
export { truth } from "./reduce/truth.ts";
export { deviation, type VarianceOptions, variance } from "./reduce/variance.ts";
export { abs } from "./unary/abs.ts";
export { ceil } from "./unary/ceil.ts";
export { clamp } from "./unary/clamp.ts";
export { cos } from "./unary/cos.ts";
export { erf } from "./unary/erf.ts";
export { exp } from "./unary/exp.ts";
export { expm1 } from "./unary/expm1.ts";
export { floor } from "./unary/floor.ts";
export { gelu } from "./unary/gelu.ts";
export { isfinite } from "./unary/is-finite.ts";
export { isnan } from "./unary/is-nan.ts";
export { log } from "./unary/log.ts";
export { log1p } from "./unary/log1p.ts";
export { logicalNot } from "./unary/logical-not.ts";
export { neg } from "./unary/neg.ts";
export { reciprocal } from "./unary/reciprocal.ts";
export { relu } from "./unary/relu.ts";
export { round } from "./unary/round.ts";
export { rsqrt } from "./unary/rsqrt.ts";
export { sigmoid } from "./unary/sigmoid.ts";
export { sign } from "./unary/sign.ts";
export { sin } from "./unary/sin.ts";
export { sqrt } from "./unary/sqrt.ts";
export { square } from "./unary/square.ts";
export { tanh } from "./unary/tanh.ts";
export { trunc } from "./unary/trunc.ts";
export { type ViewPair, views } from "./view/aliasing.ts";
export { pickJointly } from "./view/joint-index.ts";
export { chunkSize, gatherAlong, indexSelect, scatterAddAlong, splitSizes } from "./view/pick.ts";
export {
  concatenate,
  cut,
  expandTo,
  flatten,
  flip,
  narrow,
  permute,
  repeat,
  reshape,
  roll,
  select,
  sliceAlong,
  squeeze,
  transpose,
  unflatten,
  unsqueeze,
} from "./view/shape-ops.ts";
