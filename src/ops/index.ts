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
export { multinomial } from "./create/multinomial.ts";
export { integers, normal01, uniform01 } from "./create/random.ts";
export { einsum } from "./matrix/einsum.ts";
export { linear } from "./matrix/linear.ts";
export { matmul, matmulOfRank } from "./matrix/matmul.ts";
export { batchNormInference, batchNormTraining } from "./nn/batch-norm.ts";
export { type ConvolutionGeometry, convolution } from "./nn/convolution.ts";
export { checkClassTarget, pickLoss } from "./nn/cross-entropy.ts";
export { embedding } from "./nn/embedding.ts";
export { fold, unfold, unfoldCounts } from "./nn/fold.ts";
export { groupNorm } from "./nn/group-norm.ts";
export { instanceNorm } from "./nn/instance-norm.ts";
export { layerNorm } from "./nn/layer-norm.ts";
export { localResponseNorm, type ResponseNormNumbers } from "./nn/local-response-norm.ts";
export { adaptiveMaxIndices, adaptiveWindows, avgPool2d, maxPool2d, maxPoolIndices } from "./nn/pooling.ts";
export { type AxisMapping, resample } from "./nn/resample.ts";
export {
  type TransposedGeometry,
  transposedConvolution,
  transposedSizes,
} from "./nn/transposed-convolution.ts";
export type { Pair, WindowGeometry } from "./nn/windows.ts";
export { cumprod } from "./reduce/cumprod.ts";
export { cumsum } from "./reduce/cumsum.ts";
export { argExtreme, extreme, extremeAlong } from "./reduce/extreme.ts";
export { logsumexp } from "./reduce/logsumexp.ts";
export { mean } from "./reduce/mean.ts";
export { norm } from "./reduce/norm.ts";
export { prod } from "./reduce/prod.ts";
export { logSoftmax, softmax } from "./reduce/softmax.ts";
export { argsort, type SortOptions, sort } from "./reduce/sort.ts";
export { sum } from "./reduce/sum.ts";
export { type TopkOptions, topk } from "./reduce/topk.ts";
export { truth } from "./reduce/truth.ts";
export { deviation, variance } from "./reduce/variance.ts";
export { abs } from "./unary/abs.ts";
export { ceil } from "./unary/ceil.ts";
export { celu } from "./unary/celu.ts";
export { clamp } from "./unary/clamp.ts";
export { cos } from "./unary/cos.ts";
export { elu } from "./unary/elu.ts";
export { erf } from "./unary/erf.ts";
export { exp } from "./unary/exp.ts";
export { expm1 } from "./unary/expm1.ts";
export { floor } from "./unary/floor.ts";
export { gelu, geluByTanh } from "./unary/gelu.ts";
export { hardsigmoid } from "./unary/hardsigmoid.ts";
export { hardswish } from "./unary/hardswish.ts";
export { hardtanh } from "./unary/hardtanh.ts";
export { isfinite } from "./unary/is-finite.ts";
export { isnan } from "./unary/is-nan.ts";
export { leakyRelu } from "./unary/leaky-relu.ts";
export { log } from "./unary/log.ts";
export { logSigmoid } from "./unary/log-sigmoid.ts";
export { log1p } from "./unary/log1p.ts";
export { logicalNot } from "./unary/logical-not.ts";
export { mish } from "./unary/mish.ts";
export { neg } from "./unary/neg.ts";
export { prelu } from "./unary/prelu.ts";
export { reciprocal } from "./unary/reciprocal.ts";
export { relu } from "./unary/relu.ts";
export { round } from "./unary/round.ts";
export { rsqrt } from "./unary/rsqrt.ts";
export { selu } from "./unary/selu.ts";
export { sigmoid } from "./unary/sigmoid.ts";
export { sign } from "./unary/sign.ts";
export { silu } from "./unary/silu.ts";
export { sin } from "./unary/sin.ts";
export { softplus } from "./unary/softplus.ts";
export { sqrt } from "./unary/sqrt.ts";
export { square } from "./unary/square.ts";
export { tanh } from "./unary/tanh.ts";
export { trunc } from "./unary/trunc.ts";
export { type ViewPair, views } from "./view/aliasing.ts";
export { pickJointly } from "./view/joint-index.ts";
export { oneHot } from "./view/one-hot.ts";
export { type PadMode, type PadOptions, pad } from "./view/pad.ts";
export { chunkSize, gatherAlong, indexSelect, scatterAddAlong, splitSizes } from "./view/pick.ts";
export { scatterAlong } from "./view/scatter.ts";
export {
  concatenate,
  cut,
  expandTo,
  flatten,
  flip,
  narrow,
  repeat,
  reshape,
  roll,
  squeeze,
  unflatten,
  unsqueeze,
} from "./view/shape-ops.ts";
export { unfoldAlong } from "./view/unfold-along.ts";
