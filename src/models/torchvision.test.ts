/** The models of torchvision and of the residual networks' paper: keys, shapes, counts, and what they compute. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { currentEngine, useEngine } from "../engine/default.ts";
import type { Engine } from "../engine/engine.ts";
import { ShapeEngine } from "../engine/shape-engine.ts";
import { summary } from "../inspect/index.ts";
import type * as nn from "../nn/index.ts";
import { fromOwned } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fill, noise } from "./formula-values.test-helper.ts";
import * as models from "./index.ts";

interface Reference {
  readonly parameters: number;
  readonly state: readonly string[];
  readonly eval?: readonly number[];
  readonly evalError?: number;
  readonly train?: readonly number[];
  readonly trainError?: number;
}

const reference = JSON.parse(
  readFileSync(new URL("../../test/reference/models.json", import.meta.url), "utf8"),
) as { readonly inputShape: number[]; readonly models: Readonly<Record<string, Reference>> };

type Classifier = nn.Module & ((x: Tensor) => Tensor);
const small = { numClasses: 10, inChannels: 1 };
const makers: Readonly<Record<string, { published: () => Classifier; small?: () => Classifier }>> = {
  resnet18: { published: () => models.resnet18(), small: () => models.resnet18(small) },
  resnet34: { published: () => models.resnet34() },
  resnet50: { published: () => models.resnet50(), small: () => models.resnet50(small) },
  resnet20: { published: () => models.resnet20(), small: () => models.resnet20(small) },
  vgg11: {
    published: () => models.vgg11(),
    small: () => models.vgg11({ ...small, hiddenFeatures: 64, dropout: 0 }),
  },
  vgg11Bn: {
    published: () => models.vgg11Bn(),
    small: () => models.vgg11Bn({ ...small, hiddenFeatures: 64, dropout: 0 }),
  },
  mobilenetV2: {
    published: () => models.mobilenetV2(),
    small: () => models.mobilenetV2({ ...small, dropout: 0 }),
  },
};

afterAll(() => currentEngine().close());

describe("as published", () => {
  let engine: Engine;
  // Nothing is computed: the largest model has half a gigabyte of weights.
  beforeEach(() => {
    engine = currentEngine();
    useEngine(new ShapeEngine());
  });
  afterEach(() => useEngine(engine));

  it.each(Object.keys(makers))("%s has torchvision's keys, in order, shapes and count", (name) => {
    const { state, parameters } = reference.models[name] as Reference;
    const model = (makers[name] as { published: () => Classifier }).published();
    const own = Object.entries(model.stateDict()).map(([key, t]) => `${key} ${t.shape.join("x")}`.trim());
    expect(own).toEqual(state);
    expect(model.parameters().reduce((sum, p) => sum + p.numel(), 0)).toBe(parameters);
    const size = name === "resnet20" ? 32 : 224;
    const { layers } = summary(model, [2, 3, size, size]);
    expect(layers.at(-1)?.outputShape).toEqual([2, name === "resnet20" ? 10 : 1000]);
  });

  it("do the published work for an image of 224 x 224", () => {
    const flops = (model: Classifier): number => summary(model, [1, 3, 224, 224]).flops / 2;
    // Multiplications of convolutions and linear layers, as the authors count them.
    expect(flops(models.resnet18())).toBeCloseTo(1.814e9, -6);
    expect(flops(models.mobilenetV2())).toBeCloseTo(0.3008e9, -6);
    expect(summary(models.resnet20(), [1, 3, 32, 32]).flops / 2).toBeCloseTo(40.55e6, -5);
  });
});

describe("outputs", () => {
  const compared = Object.keys(makers).filter((name) => reference.models[name]?.eval !== undefined);

  // PyTorch's float64 is the truth. Sums in another order may be as far from it as PyTorch's own float32, times 3; and
  // VGG's sums of 25,088 products are rounded once for each product here: 1e-5 of the largest output.
  it.each(compared)(
    "of %s are PyTorch's, in evaluation and in training",
    async (name) => {
      const { inputShape } = reference;
      const wanted = reference.models[name] as Required<Reference>;
      const model = makers[name]?.small?.() as Classifier;
      fill(model);
      const values = noise(
        inputShape.reduce((a, b) => a * b),
        1000,
      );
      const x = fromOwned(Float32Array.from(values), inputShape);
      for (const mode of ["eval", "train"] as const) {
        model.train(mode === "train");
        const output = await noGrad(() => model(x)).data();
        const errors = wanted[mode].map((v, i) => Math.abs((output[i] as number) - v));
        expect(output).toHaveLength(30);
        const largest = Math.max(...wanted[mode].map(Math.abs));
        const allowed = Math.max(3 * wanted[`${mode}Error`], 1e-5 * largest);
        expect(Math.max(...errors), mode).toBeLessThan(allowed);
      }
    },
    60_000,
  );
});

describe("initialisation", () => {
  it("is torchvision's", async () => {
    const model = models.resnet18();
    const conv = model.layer3.get(0) as models.BasicBlock;
    const spread = async (t: Tensor): Promise<number> => t.std().item();
    expect(await spread(conv.conv2.weight)).toBeCloseTo(Math.sqrt(2 / (256 * 9)), 3);
    expect(await spread(model.conv1.weight)).toBeCloseTo(Math.sqrt(2 / (64 * 49)), 3);
    expect(await model.fc.weight.amax().item()).toBeCloseTo(1 / Math.sqrt(512), 3);
    expect(await conv.bn2.weight?.mean().item()).toBe(1);

    const vgg = models.vgg11({ numClasses: 4, hiddenFeatures: 8 });
    expect(await spread(vgg.classifier.get(0).parameters()[0] as Tensor)).toBeCloseTo(0.01, 3);
    expect(await vgg.classifier.get(0).parameters()[1]?.abs().sum().item()).toBe(0);
    expect(await vgg.features.get(0).parameters()[1]?.abs().sum().item()).toBe(0);
  });

  it("can make every block the identity", async () => {
    const model = new models.ResNet(models.Bottleneck, [1, 1, 1, 1], { zeroInitResidual: true });
    const norms = model.modules().filter((m) => m instanceof models.Bottleneck) as models.Bottleneck[];
    const sums = await Promise.all(norms.map((m) => (m.bn3.weight as Tensor).sum().item()));
    expect(sums).toEqual([0, 0, 0, 0]);
    expect(await norms[0]?.bn2.weight?.sum().item()).toBe(64);
  });
});

describe("wrong arguments", () => {
  it.each([
    [() => models.resnet18({ numClasses: 0 }), "ResNet: numClasses must be an integer of 1 or more; got 0"],
    [
      () => models.resnet18({ inChannels: 1.5 }),
      "ResNet: inChannels must be an integer of 1 or more; got 1.5",
    ],
    [() => new models.ResNet(models.BasicBlock, [1, 1]), "ResNet: layers [1, 1] needs four counts"],
    [() => new models.ResNet(models.BasicBlock, [1, 0, 1, 1]), "ResNet: each count of layers must be"],
    [() => new models.CifarResNet(0), "CifarResNet: blocks must be an integer of 1 or more; got 0"],
    [() => models.vgg11({ hiddenFeatures: -1 }), "VGG: hiddenFeatures must be an integer of 1 or more"],
    [() => models.vgg11({ hiddenFeatures: 1, dropout: 2 }), "Dropout: p must be from 0 to 1; got 2"],
    [() => models.mobilenetV2({ widthMult: 0 }), "MobileNetV2: widthMult must be above 0; got 0"],
  ])("are refused: %#", (make, message) => {
    expect(make).toThrow(message);
  });

  it("of the input are refused by the layer that meets them", () => {
    expect(() => models.resnet20()(fromOwned(new Float32Array(64), [1, 1, 8, 8]))).toThrow(
      "Conv2d(3, 16, kernelSize 3): input has 1 channel, expected 3",
    );
  });
});
