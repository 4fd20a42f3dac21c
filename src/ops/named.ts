/**
 * Operations that are told to whoever watches calls, under the names that they have here; see `graph/named-calls.ts`. What
 * is missing is a primitive of the graph or composed of these.
 */
import { named } from "../graph/named-calls.ts";
import { normal01 as normal01Op, uniform01 as uniform01Op } from "./create/random.ts";
import { einsum as einsumOp } from "./matrix/einsum.ts";
import { linear as linearOp } from "./matrix/linear.ts";
import { matmulOfRank as matmulOfRankOp, matmul as matmulOp } from "./matrix/matmul.ts";
import {
  batchNormInference as batchNormInferenceOp,
  batchNormTraining as batchNormTrainingOp,
} from "./nn/batch-norm.ts";
import { convolution as convolutionOp } from "./nn/convolution.ts";
import { embedding as embeddingOp } from "./nn/embedding.ts";
import { fold as foldOp, unfold as unfoldOp } from "./nn/fold.ts";
import { groupNorm as groupNormOp } from "./nn/group-norm.ts";
import { instanceNorm as instanceNormOp } from "./nn/instance-norm.ts";
import { layerNorm as layerNormOp } from "./nn/layer-norm.ts";
import { localResponseNorm as localResponseNormOp } from "./nn/local-response-norm.ts";
import {
  avgPool2d as avgPool2dOp,
  maxPool2d as maxPool2dOp,
  maxPoolIndices as maxPoolIndicesOp,
} from "./nn/pooling.ts";
import { transposedConvolution as transposedConvolutionOp } from "./nn/transposed-convolution.ts";
import { cumsum as cumsumOp } from "./reduce/cumsum.ts";
import { extreme as extremeOp } from "./reduce/extreme.ts";
import { logsumexp as logsumexpOp } from "./reduce/logsumexp.ts";
import { mean as meanOp } from "./reduce/mean.ts";
import { norm as normOp } from "./reduce/norm.ts";
import { prod as prodOp } from "./reduce/prod.ts";
import { logSoftmax as logSoftmaxOp, softmax as softmaxOp } from "./reduce/softmax.ts";
import { sort as sortOp } from "./reduce/sort.ts";
import { sum as sumOp } from "./reduce/sum.ts";
import { topk as topkOp } from "./reduce/topk.ts";
import { truth as truthOp } from "./reduce/truth.ts";
import { variance as varianceOp } from "./reduce/variance.ts";
import { celu as celuOp } from "./unary/celu.ts";
import { clamp as clampOp } from "./unary/clamp.ts";
import { elu as eluOp } from "./unary/elu.ts";
import { geluByTanh as geluByTanhOp, gelu as geluOp } from "./unary/gelu.ts";
import { hardsigmoid as hardsigmoidOp } from "./unary/hardsigmoid.ts";
import { hardswish as hardswishOp } from "./unary/hardswish.ts";
import { hardtanh as hardtanhOp } from "./unary/hardtanh.ts";
import { isnan as isnanOp } from "./unary/is-nan.ts";
import { leakyRelu as leakyReluOp } from "./unary/leaky-relu.ts";
import { logSigmoid as logSigmoidOp } from "./unary/log-sigmoid.ts";
import { mish as mishOp } from "./unary/mish.ts";
import { prelu as preluOp } from "./unary/prelu.ts";
import { relu as reluOp } from "./unary/relu.ts";
import { rsqrt as rsqrtOp } from "./unary/rsqrt.ts";
import { selu as seluOp } from "./unary/selu.ts";
import { sigmoid as sigmoidOp } from "./unary/sigmoid.ts";
import { silu as siluOp } from "./unary/silu.ts";
import { softplus as softplusOp } from "./unary/softplus.ts";
import { square as squareOp } from "./unary/square.ts";
import { oneHot as oneHotOp } from "./view/one-hot.ts";
import { pad as padOp } from "./view/pad.ts";
import {
  gatherAlong as gatherAlongOp,
  indexSelect as indexSelectOp,
  scatterAddAlong as scatterAddAlongOp,
} from "./view/pick.ts";
import { scatterAlong as scatterAlongOp } from "./view/scatter.ts";
import { concatenate as concatenateOp, repeat as repeatOp } from "./view/shape-ops.ts";

export const einsum: typeof einsumOp = named("einsum", einsumOp);
export const linear: typeof linearOp = named("linear", linearOp);
export const matmulOfRank: typeof matmulOfRankOp = named("matmulOfRank", matmulOfRankOp);
export const matmul: typeof matmulOp = named("matmul", matmulOp);
export const batchNormInference: typeof batchNormInferenceOp = named(
  "batchNormInference",
  batchNormInferenceOp,
);
export const batchNormTraining: typeof batchNormTrainingOp = named("batchNormTraining", batchNormTrainingOp);
export const convolution: typeof convolutionOp = named("convolution", convolutionOp);
export const embedding: typeof embeddingOp = named("embedding", embeddingOp);
export const fold: typeof foldOp = named("fold", foldOp);
export const unfold: typeof unfoldOp = named("unfold", unfoldOp);
export const groupNorm: typeof groupNormOp = named("groupNorm", groupNormOp);
export const instanceNorm: typeof instanceNormOp = named("instanceNorm", instanceNormOp);
export const layerNorm: typeof layerNormOp = named("layerNorm", layerNormOp);
export const localResponseNorm: typeof localResponseNormOp = named("localResponseNorm", localResponseNormOp);
export const avgPool2d: typeof avgPool2dOp = named("avgPool2d", avgPool2dOp);
export const maxPool2d: typeof maxPool2dOp = named("maxPool2d", maxPool2dOp);
export const maxPoolIndices: typeof maxPoolIndicesOp = named("maxPoolIndices", maxPoolIndicesOp);
export const transposedConvolution: typeof transposedConvolutionOp = named(
  "transposedConvolution",
  transposedConvolutionOp,
);
export const cumsum: typeof cumsumOp = named("cumsum", cumsumOp);
export const extreme: typeof extremeOp = named("extreme", extremeOp);
export const logsumexp: typeof logsumexpOp = named("logsumexp", logsumexpOp);
export const mean: typeof meanOp = named("mean", meanOp);
export const norm: typeof normOp = named("norm", normOp);
export const prod: typeof prodOp = named("prod", prodOp);
export const sum: typeof sumOp = named("sum", sumOp);
export const logSoftmax: typeof logSoftmaxOp = named("logSoftmax", logSoftmaxOp);
export const softmax: typeof softmaxOp = named("softmax", softmaxOp);
export const sort: typeof sortOp = named("sort", sortOp);
export const topk: typeof topkOp = named("topk", topkOp);
export const truth: typeof truthOp = named("truth", truthOp);
export const variance: typeof varianceOp = named("variance", varianceOp);
export const celu: typeof celuOp = named("celu", celuOp);
export const clamp: typeof clampOp = named("clamp", clampOp);
export const elu: typeof eluOp = named("elu", eluOp);
export const gelu: typeof geluOp = named("gelu", geluOp);
export const geluByTanh: typeof geluByTanhOp = named("geluByTanh", geluByTanhOp);
export const hardsigmoid: typeof hardsigmoidOp = named("hardsigmoid", hardsigmoidOp);
export const hardswish: typeof hardswishOp = named("hardswish", hardswishOp);
export const hardtanh: typeof hardtanhOp = named("hardtanh", hardtanhOp);
export const isnan: typeof isnanOp = named("isnan", isnanOp);
export const leakyRelu: typeof leakyReluOp = named("leakyRelu", leakyReluOp);
export const logSigmoid: typeof logSigmoidOp = named("logSigmoid", logSigmoidOp);
export const mish: typeof mishOp = named("mish", mishOp);
export const prelu: typeof preluOp = named("prelu", preluOp);
export const relu: typeof reluOp = named("relu", reluOp);
export const rsqrt: typeof rsqrtOp = named("rsqrt", rsqrtOp);
export const selu: typeof seluOp = named("selu", seluOp);
export const sigmoid: typeof sigmoidOp = named("sigmoid", sigmoidOp);
export const silu: typeof siluOp = named("silu", siluOp);
export const softplus: typeof softplusOp = named("softplus", softplusOp);
export const square: typeof squareOp = named("square", squareOp);
export const pad: typeof padOp = named("pad", padOp);
export const oneHot: typeof oneHotOp = named("oneHot", oneHotOp);
export const gatherAlong: typeof gatherAlongOp = named("gatherAlong", gatherAlongOp);
export const indexSelect: typeof indexSelectOp = named("indexSelect", indexSelectOp);
export const scatterAddAlong: typeof scatterAddAlongOp = named("scatterAddAlong", scatterAddAlongOp);
export const scatterAlong: typeof scatterAlongOp = named("scatterAlong", scatterAlongOp);
export const concatenate: typeof concatenateOp = named("concatenate", concatenateOp);
export const repeat: typeof repeatOp = named("repeat", repeatOp);
export const uniform01: typeof uniform01Op = named("uniform01", uniform01Op);
export const normal01: typeof normal01Op = named("normal01", normal01Op);
