import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { fromOwned, ones, tensor, zeros } from "../tensor/create.ts";
import { manualSeed } from "../tensor/generator.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { expectClose, readReference, wave } from "./reference.test-helper.ts";

interface Entry {
  readonly shapes: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly gradients: readonly (readonly number[] | null)[];
}

const classes = (...list: number[]): Tensor => tensor(list, { dtype: "int32" });
const target = classes(1, 3, 0, 2);
const masked = classes(1, -1, 0, 2);
const weight = tensor([0.5, 1, 2, 0.25]);
const yes = wave([4, 3], 2).add(1).div(2);
const planes = fromOwned(
  Int32Array.from({ length: 12 }, (_, i) => i % 5),
  [2, 2, 3],
);

type Inputs = readonly [Tensor, Tensor, Tensor];

/** By the name of the reference. */
const functions: Record<string, (...inputs: Inputs) => Tensor> = {
  conv2d: (x, w, bias) => F.conv2d(x, w, { bias, stride: [2, 1], padding: [1, 2], dilation: [1, 2] }),
  "conv2d groups": (x, w) => F.conv2d(x, w, { padding: 1, groups: 2 }),
  "conv2d same": (x, w) => F.conv2d(x, w, { padding: "same", dilation: 2 }),
  "conv2d single": (x, w) => F.conv2d(x, w, { padding: "valid" }),
  conv1d: (x, w, bias) => F.conv1d(x, w, { bias, stride: 2, padding: 1 }),
  linear: (x, w, bias) => F.linear(x, w, { bias }),
  maxPool2d: (x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  "maxPool2d ceil": (x) => F.maxPool2d(x, 2, { dilation: 2, stride: 3, ceilMode: true }),
  avgPool2d: (x) => F.avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }),
  "avgPool2d ceil": (x) => F.avgPool2d(x, [2, 3], { ceilMode: true }),
  "avgPool2d divisor": (x) => F.avgPool2d(x, 2, { divisorOverride: 3 }),
  adaptiveAvgPool2d: (x) => F.adaptiveAvgPool2d(x, [3, 4]),
  "adaptiveAvgPool2d larger": (x) => F.adaptiveAvgPool2d(x, [5, null]),
  "adaptiveAvgPool2d even": (x) => F.adaptiveAvgPool2d(x, 2),
  "adaptiveAvgPool2d single": (x) => F.adaptiveAvgPool2d(x, 1),
  "pad reflect": (x) => F.pad(x, [2, 1, 1, 3], { mode: "reflect" }),
  "pad replicate": (x) => F.pad(x, [2, 0, 1, 3], { mode: "replicate" }),
  "pad circular": (x) => F.pad(x, [2, 1, 0, 3], { mode: "circular" }),
  "pad constant": (x) => F.pad(x, [1, -1, 0, 2], { value: 0.5 }),
  gelu: (x) => F.gelu(x.mul(3)),
  "gelu tanh": (x) => F.gelu(x.mul(3), { approximate: "tanh" }),
  softmax: (x) => F.softmax(x, 1),
  logSoftmax: (x) => F.logSoftmax(x, -1),
  batchNorm: (x, w, bias) => F.batchNorm(x, null, null, { weight: w, bias, training: true }),
  "batchNorm eval": (x, w, bias) =>
    F.batchNorm(x, wave([3]), wave([3]).square().add(0.1), { weight: w, bias }),
  crossEntropy: (x) => F.crossEntropy(x, target),
  "crossEntropy all": (x) => F.crossEntropy(x, masked, { weight, ignoreIndex: -1, labelSmoothing: 0.1 }),
  "crossEntropy none": (x) =>
    F.crossEntropy(x, masked, { ignoreIndex: -1, labelSmoothing: 0.2, reduction: "none" }),
  "crossEntropy planes": (x) => F.crossEntropy(x, planes, { reduction: "sum" }),
  "crossEntropy probabilities": (x, t) => F.crossEntropy(x, t.softmax(1), { weight, labelSmoothing: 0.1 }),
  "crossEntropy single": (x) => F.crossEntropy(x, tensor(2, { dtype: "int32" })),
  nllLoss: (x) => F.nllLoss(x, target, { weight }),
  mseLoss: (x, y) => F.mseLoss(x, y),
  l1Loss: (x, y) => F.l1Loss(x, y, { reduction: "sum" }),
  bce: (x) => F.binaryCrossEntropyWithLogits(x.mul(20), yes),
  "bce weights": (x) =>
    F.binaryCrossEntropyWithLogits(x, yes, {
      weight: wave([3]).add(2),
      posWeight: tensor([1, 2, 3]),
      reduction: "none",
    }),
};

describe("output and gradients are PyTorch's", () => {
  const references = readReference<Record<string, Entry>>("nn");
  test.each(Object.keys(functions))("%s", async (name) => {
    const entry = references[name] as Entry;
    const inputs = entry.shapes.map((s, i) => wave(s, i + 0.1).requiresGrad_());
    const y = (functions[name] as (typeof functions)[string])(...(inputs as unknown as Inputs));
    expect(y.shape).toEqual(entry.shape);
    await expectClose(y, entry.output);
    y.mul(wave(y.shape, 0.3)).sum().backward();
    for (const [i, expected] of entry.gradients.entries()) {
      const { grad } = inputs[i] as Tensor;
      if (expected === null) expect(grad).toBeNull();
      else await expectClose(grad as Tensor, expected, 1e-4);
    }
  });
});

test("maxPool2d gives positions in the plane of the input", async () => {
  const x = tensor([
    [
      [
        [1, 5, 2],
        [7, 3, 4],
        [0, 8, 6],
      ],
    ],
  ]);
  const [values, indices] = F.maxPool2d(x, 2, { stride: 1, returnIndices: true });
  expect(await values.array()).toEqual([
    [
      [
        [7, 5],
        [8, 8],
      ],
    ],
  ]);
  expect(await indices.array()).toEqual([
    [
      [
        [3, 1],
        [7, 7],
      ],
    ],
  ]);
  expect(indices.dtype).toBe("int32");
});

test("dropout keeps the mean, scales what is left, and draws anew each time", async () => {
  manualSeed(3);
  const x = ones([4000], { requiresGrad: true });
  const y = F.dropout(x, { p: 0.25 });
  const data = await y.data();
  const kept = data.filter((v) => v !== 0);
  expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
  expect(kept.length / 4000).toBeGreaterThan(0.72);
  expect(kept.length / 4000).toBeLessThan(0.78);
  y.sum().backward();
  expect(await x.grad?.data()).toEqual(data);
  expect(await F.dropout(x, { p: 0.25 }).data()).not.toEqual(data);
  expect(F.dropout(x, { training: false })).toBe(x);
});

test("dropout of everything gives zeros and zero gradients, of nothing the input; no p compiles again", async () => {
  const x = wave([50]).mul(0).add(1).detach().requiresGrad_();
  await x.data();
  const run = async (p: number): Promise<[number, number]> => {
    x.grad = null;
    const y = F.dropout(x, { p }).sum();
    y.backward();
    return [await y.item(), (await (x.grad as Tensor | null)?.sum().item()) ?? Number.NaN];
  };
  expect(await run(1)).toEqual([0, 0]);
  const { compilations } = currentEngine().stats;
  expect(await run(0)).toEqual([50, 50]);
  expect(currentEngine().stats.compilations).toBe(compilations);
});

test("batchNorm moves running statistics towards those of the batch", async () => {
  const [mean, variance] = [zeros([2]), ones([2])];
  const x = tensor([
    [1, 2],
    [3, 6],
    [5, 10],
  ]);
  await F.batchNorm(x, mean, variance, { training: true, momentum: 0.5 }).data();
  await expectClose(mean, [1.5, 3]);
  await expectClose(variance, [0.5 + 2, 0.5 + 8]);
});

test("a loss over nothing but ignored targets is NaN, as the mean of nothing is", async () => {
  const loss = F.crossEntropy(wave([2, 3]), classes(-100, -100));
  expect(await loss.item()).toBeNaN();
});

describe("errors name values and the fix", () => {
  const x = zeros([2, 10]);
  test.each<[string, () => unknown, string]>([
    [
      "class out of range",
      () => F.crossEntropy(zeros([4, 10]), classes(1, 2, 3, 12)),
      "crossEntropy: target 12 at position 3 is out of range for 10 classes (use 0 to 9, or set ignoreIndex)",
    ],
    [
      "negative class",
      () => F.nllLoss(x, classes(-1, 0)),
      "nllLoss: target -1 at position 0 is out of range",
    ],
    ["float target", () => F.crossEntropy(x, zeros([2])), 'for class indices use .to("int32")'],
    [
      "weight",
      () => F.crossEntropy(x, classes(0, 1), { weight: ones([3]) }),
      "expected [10]: one for each class",
    ],
    [
      "shapes",
      () => F.mseLoss(zeros([4, 1]), zeros([4])),
      "mseLoss: input [4, 1] and target [4] must have the same",
    ],
    [
      "same",
      () => F.conv2d(zeros([1, 1, 5, 5]), zeros([1, 1, 3, 3]), { padding: "same", stride: 2 }),
      "needs stride 1",
    ],
    [
      "integers",
      () => F.conv2d(zeros([1, 1, 5, 5], { dtype: "uint8" }), zeros([1, 1, 3, 3])),
      'convert the input with .to("float32")',
    ],
    ["dropout", () => F.dropout(x, { p: 1.5 }), "dropout: p must be from 0 to 1; got 1.5"],
    [
      "reflect",
      () => F.pad(x, [10, 0], { mode: "reflect" }),
      'mode "reflect" cannot pad 10 before and 0 after the 10 elements',
    ],
    ["pad list", () => F.pad(x, [1, 2, 3]), "must be pairs of integers"],
    [
      "pool",
      () => F.maxPool2d(x, 2),
      "input has 2 dimensions (shape [2, 10]), expected N, C, H, W or C, H, W",
    ],
    [
      "smoothing",
      () => F.crossEntropy(x, classes(0, 1), { labelSmoothing: 2 }),
      "labelSmoothing must be from 0 to 1",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

test("what is no tensor is named, with the fix", () => {
  const given = (value: unknown): Tensor => value as Tensor;
  expect(() => F.crossEntropy(ones([2, 3]), given([0, 1]))).toThrow(
    "crossEntropy: target must be a tensor, got Array; make one with tensor(...)",
  );
  expect(() => F.crossEntropy(ones([2, 3]), given(undefined))).toThrow(
    "target must be a tensor, got undefined",
  );
  expect(() => F.conv2d(ones([1, 1, 3, 3]), given([1]))).toThrow(
    "conv2d: weight must be a tensor, got Array",
  );
  expect(() => F.linear(given(Promise.resolve(1)), ones([2, 3]))).toThrow(
    "linear: input must be a tensor, got Promise; await it first",
  );
});
