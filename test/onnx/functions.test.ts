/**
 * Functions of tensors in a forward that users write, for a batch of any size: the file gives what forward gives, for
 * another batch than the example's.
 */
import { expect, it } from "vitest";
import {
  arange,
  cat,
  einsum,
  eye,
  manualSeed,
  ones,
  rand,
  randn,
  stack,
  tensor,
  where,
  zeros,
} from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";
import { Module } from "../../src/nn/module.ts";
import { Parameter } from "../../src/nn/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectExchange } from "./exchange.test-helper.ts";

class Net extends Module {
  readonly body: (x: Tensor, w: Tensor) => unknown;
  weight: Parameter;

  constructor(body: (x: Tensor, w: Tensor) => unknown) {
    super();
    this.body = body;
    this.weight = new Parameter(randn([5, 5]));
  }

  forward(x: Tensor): unknown {
    return this.body(x, this.weight);
  }
}

/** Of an input (N, 3, 6, 5). */
const functions: Readonly<Record<string, (x: Tensor, w: Tensor) => unknown>> = {
  arithmetic: (x) => x.add(1).mul(2).sub(x.div(3)).neg().add(x.pow(2)).sub(3).maximum(0).minimum(x.abs()),
  "broadcasting a vector": (x, w) => x.add(w.select(0, 1)).mul(tensor([1, 2, 3]).reshape([3, 1, 1])),
  elementwise: (x) =>
    x.abs().add(1).sqrt().log().exp().sin().cos().tanh().erf().floor().add(x.ceil()).add(x.round()),
  "more elementwise": (x) =>
    x.sign().add(x.trunc()).add(x.abs().add(1).rsqrt()).add(x.square()).add(x.abs().add(1).reciprocal()),
  activations: (x) =>
    F.gelu(x)
      .add(F.silu(x))
      .add(F.mish(x))
      .add(F.softplus(x))
      .add(F.selu(x))
      .add(F.hardswish(x))
      .add(F.logsigmoid(x)),
  "more activations": (x) =>
    F.elu(x, { alpha: 0.7 })
      .add(F.celu(x, { alpha: 2 }))
      .add(F.leakyRelu(x))
      .add(F.relu6(x))
      .add(F.hardsigmoid(x))
      .add(x.sigmoid()),
  "gelu by tanh": (x) => F.gelu(x, { approximate: "tanh" }),
  clamp: (x) =>
    x
      .clamp({ min: -0.5 })
      .add(x.clamp({ max: 0.25 }))
      .add(x.clamp({ min: -1, max: 1 })),
  "sums and means": (x) => [x.sum(1), x.mean([2, 3]), x.mean(), x.sum([1, 3], { keepdim: true }), x.prod(3)],
  extremes: (x) => [
    x.amax(1),
    x.amin([2, 3], { keepdim: true }),
    x.argmax(1),
    x.argmin(3, { keepdim: true }),
  ],
  "extremes with positions": (x) => x.max(2) as { values: Tensor; indices: Tensor },
  variance: (x) => [x.var([2, 3]), x.std(1, { unbiased: false }), x.var(3, { keepdim: true })],
  norms: (x) => [x.norm({ dim: 1 }), x.norm({ p: 1, dim: [2, 3] }), x.norm({ p: 3, dim: 1 }), x.logsumexp(1)],
  softmax: (x) => [x.softmax(1), x.logSoftmax(-1)],
  cumulative: (x) => [x.cumsum(3), x.cumprod(2)],
  sorting: (x) => [
    x.sort({ dim: 2 }).values,
    x.topk(2, { dim: 3 }).values,
    x.topk(2, { dim: 3, largest: false }).indices,
  ],
  comparisons: (x) => [x.gt(0), x.le(0.5).logicalAnd(x.ge(-0.5)), x.eq(x), x.ne(0).logicalNot(), x.isnan()],
  where: (x) => where(x.gt(0), x, x.mul(0.1)).add(x.maskedFill(x.lt(-1), 7)),
  conversions: (x) => x.to("int32").add(2).to("float32").add(x.gt(0).to("float32")),
  "remainders of floats": (x) => x.remainder(0.75),
  "remainders of integers": (x) => x.mul(10).to("int32").remainder(3),
  reshaping: (x) => [
    x.reshape([x.shape[0] as number, -1]),
    x.flatten(1),
    x.flatten(2),
    x.reshape([-1, 5]),
    x.unsqueeze(1).squeeze(1),
  ],
  "reshaping the batch away": (x) => x.reshape([(x.shape[0] as number) * 3, 6, 5]),
  permuting: (x) => [x.permute([0, 2, 3, 1]), x.transpose(2, 3), x.flip([3]), x.flip([2])],
  slicing: (x) => [
    x.slice(2, 1, 5),
    x.slice(3, 0, 5, { step: 2 }),
    x.narrow(1, 1, 2),
    x.select(2, 3),
    x.select(0, 0),
    x.slice(0, 0, 1),
  ],
  splitting: (x) => [...x.split([1, 2], 1), ...x.chunk(3, 2)],
  joining: (x) => [cat([x, x.mul(2)], 1), cat([x, x], 0), stack([x, x], 1)],
  repeating: (x) => [
    x.repeat([1, 2, 1, 3]),
    x.mean(1, { keepdim: true }).expand([x.shape[0] as number, 3, 6, 5]),
  ],
  rolling: (x) => x.roll(2, 3).add(x.roll([1, 1], [2, 3])),
  padding: (x) => [
    x.pad([1, 2]),
    x.pad([1, 1, 2, 0], { value: 3 }),
    x.pad([1, 2, 2, 1], { mode: "reflect" }),
    x.pad([-1, 0]),
  ],
  "padding by the edge and around": (x) => [
    x.pad([1, 2], { mode: "replicate" }),
    x.pad([1, 2], { mode: "circular" }),
  ],
  "picking along": (x) => x.gather(3, x.argmax(3, { keepdim: true })),
  "picking rows": (x) => x.indexSelect(1, tensor([2, 0], { dtype: "int32" })),
  indexing: (x) => x.index([null, [0, 2], 1]),
  "writing along": (x) =>
    zeros(x.shape).scatter(3, x.argmax(3, { keepdim: true }), x.amax(3, { keepdim: true })),
  "adding along": (x) => x.scatterAdd(3, x.argmax(3, { keepdim: true }), x.amax(3, { keepdim: true })),
  products: (x, w) => [x.matmul(w), w.matmul(x.transpose(2, 3)), x.matmul(x.transpose(2, 3)), F.linear(x, w)],
  "a vector times a matrix": (x, w) => [x.matmul(w.select(0, 0)), w.select(0, 0).matmul(w), w.mm(w)],
  einsum: (x, w) => [einsum("nchw,wk->nkch", x, w), einsum("nchw->nc", x), einsum("nchw,nchw->n", x, x)],
  "constants made in forward": (x) =>
    x
      .matmul(eye(5))
      .add(arange(5))
      .add(ones([6, 1]).mul(0.5)),
  "an attention": (x) => {
    const rows = x.flatten(1, 2);
    return rows.matmul(rows.transpose(1, 2)).div(Math.sqrt(5)).softmax(-1).matmul(rows);
  },
  "the batch's size as a number": (x) => x.sum([1, 2, 3]).div(x.shape[0] as number),
  interpolation: (x) => [
    F.interpolate(x, { scaleFactor: 2 }),
    F.interpolate(x, { size: [9, 7], mode: "bilinear" }),
    F.interpolate(x, { scaleFactor: 1.5, mode: "bicubic" }),
  ],
  "interpolation with corners": (x) =>
    F.interpolate(x, { scaleFactor: 2, mode: "bilinear", alignCorners: true }),
  pixels: (x) => F.pixelUnshuffle(F.pixelShuffle(cat([x, x, x, x], 1), 2), 2),
  pools: (x) => [
    F.maxPool2d(x, 2),
    ...F.maxPool2d(x, 3, { stride: 2, padding: 1, returnIndices: true }),
    F.avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
  ],
  "adaptive pools": (x) => [
    F.adaptiveAvgPool2d(x, 1),
    F.adaptiveAvgPool2d(x, [3, 2]),
    F.adaptiveMaxPool2d(x, [4, 2]),
    F.adaptiveAvgPool2d(x, [3, 5]),
  ],
  losses: (x) => [F.mseLoss(x, x.mul(0.5)), F.l1Loss(x, x.mul(0.5)), F.smoothL1Loss(x, x.mul(0.5))],
  "a record of results": (x) => ({ double: x.mul(2), sum: x.sum(1) }),
  "an input that is an output": (x) => [x, x.add(1)],
};

for (const [name, body] of Object.entries(functions)) {
  it(name, async () => {
    manualSeed(3);
    await expectExchange(
      new Net(body),
      { examples: [randn([1, 3, 6, 5])], inputs: [randn([4, 3, 6, 5])], tolerance: 2e-5 },
      name,
    );
  });
}

it("numbers are drawn by the graph's own operators", async () => {
  class Noisy extends Module {
    forward(x: Tensor): Tensor {
      return x
        .add(F.dropout(ones(x.shape), { p: 0.5 }).mul(0))
        .add(randn(x.shape).mul(0))
        .add(rand([1]).mul(0));
    }
  }
  const bytes = await expectExchange(new Noisy(), { examples: [zeros([2, 8])], inputs: [randn([3, 8])] });
  expect(new TextDecoder("latin1").decode(bytes)).toMatch(/RandomNormalLike/);
});
