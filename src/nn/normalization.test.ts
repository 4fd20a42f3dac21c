import { expect, test } from "vitest";
import { ones, randn, zeros } from "../tensor/create.ts";
import { manualSeed } from "../tensor/generator.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import * as nn from "./index.ts";

test("state-dict keys and first values are PyTorch's", async () => {
  const keys = (layer: nn.Module): string[] => Object.keys(layer.stateDict());
  const statistics = ["running_mean", "running_var", "num_batches_tracked"];
  expect(keys(new nn.LayerNorm([3, 5]))).toEqual(["weight", "bias"]);
  expect(keys(new nn.LayerNorm(3, { bias: false }))).toEqual(["weight"]);
  expect(keys(new nn.LayerNorm(3, { elementwiseAffine: false }))).toEqual([]);
  expect(keys(new nn.GroupNorm(2, 4))).toEqual(["weight", "bias"]);
  expect(keys(new nn.InstanceNorm2d(3))).toEqual([]);
  expect(keys(new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }))).toEqual([
    "weight",
    "bias",
    ...statistics,
  ]);
  expect(keys(new nn.PReLU())).toEqual(["weight"]);
  const first = new nn.GroupNorm(1, 2).stateDict() as Record<string, Tensor>;
  expect(await first.weight?.array()).toEqual([1, 1]);
  expect(await first.bias?.array()).toEqual([0, 0]);
  expect(await new nn.PReLU(2).weight.array()).toEqual([0.25, 0.25]);
});

test("layers print their arguments", () => {
  expect(String(new nn.LayerNorm([3, 5]))).toBe(
    "LayerNorm([3, 5], eps=0.00001, elementwiseAffine=true, bias=true)",
  );
  expect(String(new nn.GroupNorm(2, 4))).toBe("GroupNorm(2, 4, eps=0.00001, affine=true)");
  expect(String(new nn.InstanceNorm2d(3))).toBe(
    "InstanceNorm2d(3, eps=0.00001, momentum=0.1, affine=false, trackRunningStats=false)",
  );
  expect(String(new nn.LocalResponseNorm(5))).toBe("LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1)");
  expect(String(new nn.Softplus())).toBe("Softplus(beta=1, threshold=20)");
});

test("functions refuse weights that do not fit, by name", () => {
  const x = zeros([2, 4, 3]);
  expect(() => F.layerNorm(x, [3], { bias: zeros([4]) })).toThrow(
    "layerNorm: bias has shape [4], expected the normalized shape [3]",
  );
  expect(() => F.layerNorm(x, [3], { bias: zeros([3], { dtype: "float64" }) })).toThrow(
    "layerNorm: input is float32, bias float64",
  );
  expect(() => F.groupNorm(x, 2, { weight: zeros([3]) })).toThrow(
    "groupNorm: input has 4 channels, expected 3 (input shape [2, 4, 3] is N, C, ...; weight has shape [3])",
  );
  expect(() => F.groupNorm(x, 0)).toThrow("groupNorm: numGroups must be an integer of 1 or more; got 0");
  expect(() => F.instanceNorm(x, { useInputStats: false })).toThrow(
    "instanceNorm: without useInputStats, runningMean and runningVar are needed",
  );
  expect(() => F.instanceNorm(x, { momentum: 2 })).toThrow(
    "instanceNorm: momentum must be from 0 to 1; got 2",
  );
  expect(() => F.batchNorm(x, null, null)).toThrow("batchNorm: without training, runningMean and runningVar");
  expect(() => F.batchNorm(x, null, null, { training: true, eps: Number.NaN })).toThrow(
    "batchNorm: eps must be 0 or more; got NaN",
  );
  expect(() => F.batchNorm(zeros([2, 3], { dtype: "int32" }), null, null, { training: true })).toThrow(
    "batchNorm: needs a float tensor, got int32",
  );
});

test("an empty batch passes through layer and group normalisation", async () => {
  expect((await new nn.LayerNorm(3)(zeros([0, 3])).data()).length).toBe(0);
  expect((await new nn.GroupNorm(2, 4)(zeros([0, 4, 2])).data()).length).toBe(0);
});

test("dropout2d drops whole channels of single samples, and gradients with them", async () => {
  manualSeed(3);
  const x = ones([40, 25, 3, 2], { requiresGrad: true });
  const y = F.dropout2d(x, { p: 0.25 });
  y.sum().backward();
  const sums = await y.sum([2, 3]).data();
  const dropped = sums.filter((v) => v === 0).length;
  expect(sums.every((v) => v === 0 || Math.abs(v - 8) < 1e-5)).toBe(true);
  expect(Math.abs(dropped / 1000 - 0.25)).toBeLessThan(0.05);
  expect(await x.grad?.data()).toEqual(await y.data());
  const rows = await y.amax([1, 2, 3]).data();
  expect([...rows].some((v) => v > 0)).toBe(true);
  expect((await F.dropout2d(randn([2, 3, 4])).data()).length).toBe(24);
});
