import { expect, it } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { LeNet5, resnet18 } from "../models/index.ts";
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { summary } from "./summary.ts";

it("lists layers in the order of their calls, without computing anything", async () => {
  const model = new LeNet5();
  await currentEngine().flush();
  const before = currentEngine().stats.launches;
  const result = summary(model, [2, 1, 28, 28]);
  expect(result.layers.map((l) => l.name)).toEqual(["conv1", "pool", "conv2", "pool", "fc1", "fc2", "fc3"]);
  expect(result.layers[0]).toEqual({
    name: "conv1",
    type: "Conv2d",
    outputShape: [2, 6, 28, 28],
    parameters: 156,
    flops: 2 * 2 * 6 * 28 * 28 * 25,
  });
  expect(result.parameters).toBe(61_706);
  expect(result.flops).toBe(result.layers.reduce((sum, l) => sum + l.flops, 0));
  expect(model.training).toBe(true);
  await currentEngine().flush();
  expect(currentEngine().stats.launches).toBe(before);
  const text = String(result);
  expect(text).toMatch(/^layer +type +output shape +parameters +FLOPs\n-+\ninput +\[2, 1, 28, 28\]\n/);
  expect(text).toMatch(/^fc3 +Linear +\[2, 10\] +850 +3,360$/m);
  expect(text).toMatch(/^total +61,706 /m);
});

it("counts a shared layer once, and takes its hooks off even after an error", () => {
  const shared = new nn.Linear(4, 4);
  const model = new nn.Sequential(shared, new nn.ReLU(), shared);
  const result = summary(model, [1, 4]);
  expect([result.parameters, result.layers.map((l) => l.parameters)]).toEqual([20, [20, 0, 0]]);
  const hooked: unknown[] = [];
  shared.registerForwardHook((module) => void hooked.push(module));
  expect(() => summary(model, [1, 5])).toThrow();
  expect(summary(model, [1, 4]).layers).toHaveLength(3);
  expect(hooked).toHaveLength(2);
});

it("follows a large model without computing a weight, and refuses to compute a value", async () => {
  const before = currentEngine().stats.launches;
  const start = performance.now();
  const model = resnet18();
  expect(summary(model, [1, 3, 224, 224]).parameters).toBe(11_689_512);
  expect(performance.now() - start).toBeLessThan(10_000);
  expect(currentEngine().stats.launches).toBe(before);

  class Reads extends nn.Module {
    forward(x: Tensor): Tensor {
      return x.mul(x.sum().itemSync());
    }
  }
  expect(() => summary(new Reads(), [2, 3])).toThrow("only shapes are followed");
});
