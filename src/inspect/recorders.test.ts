import { describe, expect, it } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { LeNet5 } from "../models/lenet5.ts";
import * as F from "../nn/functional.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ActivationStats } from "./activation-stats.ts";
import { GradientStats } from "./gradient-stats.ts";
import {
  images,
  onEngine,
  type ReferenceStatistics,
  reference,
  smallNet,
  targets,
} from "./inspect.test-helper.ts";
import type { Statistics } from "./statistics.ts";
import { updateRatios } from "./update-ratios.ts";

const lossOf = (model: nn.Sequential): Tensor =>
  F.crossEntropy(model(images()), tensor([...targets], { dtype: "int32" }));

function expectStatistics(
  actual: Statistics | undefined,
  wanted: ReferenceStatistics | undefined,
  name: string,
): void {
  expect(actual, name).toBeDefined();
  if (actual === undefined || wanted === undefined) throw new Error(`no statistics of ${name}`);
  const { counts, ...numbers } = wanted;
  for (const [key, value] of Object.entries(numbers)) {
    const found = Reflect.get(actual, key) as number;
    expect(Math.abs(found - value), `${name} ${key}: ${found}, not ${value}`).toBeLessThan(
      1e-6 + 1e-5 * Math.abs(value),
    );
  }
  expect(actual.histogram?.counts, name).toEqual(counts);
}

describe.each(["wasm", "interpreter"] as const)("on %s", (engine) => {
  it("records of activations and gradients what PyTorch computes", () =>
    onEngine(engine, async () => {
      const model = smallNet();
      const activations = new ActivationStats(model, { bins: 7 });
      const fixed = new ActivationStats(model, { bins: 4, range: [-0.5, 1.5] });
      const gradients = new GradientStats(model, { bins: 7 });
      lossOf(model).backward();
      const [a, f, g] = [await activations.latest(), await fixed.latest(), await gradients.latest()];
      expect(Object.keys(a)).toEqual(["0", "1", "2", "3", "4", "5"]);
      for (const name of Object.keys(reference.activations)) {
        expectStatistics(a[name], reference.activations[name], `output of ${name}`);
        expectStatistics(f[name], reference.fixed[name], `output of ${name}, fixed range`);
        expectStatistics(g[name], reference.gradients[name], `gradient of ${name}`);
      }
      expect(a["1"]?.dead).toBe(1 / 5);
      expect(a["1"]?.histogram?.edges).toHaveLength(8);
      expect(a["1"]?.histogram?.edges[7]).toBe(a["1"]?.max);
    }));

  it("records how far steps move the weights", () =>
    onEngine(engine, async () => {
      const model = smallNet();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const ratios = updateRatios(model, optimizer);
      for (let step = 0; step < 3; step++) {
        optimizer.zeroGrad();
        lossOf(model).backward();
        await optimizer.step();
      }
      const history = await ratios.history();
      expect(history.map((h) => h.parameter)).toEqual(model.namedParameters().map(([name]) => name));
      for (const { parameter, steps } of history) {
        expect(steps.map((s) => s.step)).toEqual([1, 2, 3]);
        steps.forEach(({ ratio }, i) => {
          const wanted = reference.updates[i]?.[parameter] as number;
          expect(Math.abs(ratio / wanted - 1), `${parameter}: ${ratio}, not ${wanted}`).toBeLessThan(1e-4);
        });
      }
    }));

  it("counts NaN and infinities, and tells a small spread around a large mean", () =>
    onEngine(engine, async () => {
      const model = new nn.Sequential(new nn.Identity());
      const stats = new ActivationStats(model, { bins: 2 });
      model(tensor([[1, Number.NaN, Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY]]));
      let { 0: found } = await stats.latest();
      expect([found?.nonFinite, found?.zeros, found?.mean, found?.histogram]).toEqual([
        0.6,
        0.2,
        Number.NaN,
        null,
      ]);
      model(tensor([[10000.25, 10000.5, 10000.25, 10000]]));
      ({ 0: found } = await stats.latest());
      expect(found?.mean).toBe(10000.25);
      expect(found?.std).toBeCloseTo(Math.sqrt(0.125 / 3), 6);
      model(tensor([[-3, -3]]));
      ({ 0: found } = await stats.latest());
      expect([found?.min, found?.max, found?.std, found?.nonFinite]).toEqual([-3, -3, 0, 0]);
      expect(found?.histogram).toEqual({ edges: [-4, -3, -2], counts: [0, 2] });
    }));
});

describe.each(["wasm", "interpreter"] as const)(
  "what is known of a layer from the one before, on %s",
  (engine) => {
    /** What is to be found, in double precision. */
    function wanted(values: readonly number[]): Record<string, number> {
      const n = values.length;
      const mean = values.reduce((a, b) => a + b, 0) / n;
      return {
        mean,
        std: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1)),
        min: Math.min(...values),
        max: Math.max(...values),
        zeros: values.filter((v) => v === 0).length / n,
      };
    }

    it("batch norm with weights of both signs, ReLU and pools", () =>
      onEngine(engine, async () => {
        const norm = new nn.BatchNorm2d(3);
        noGrad(() => {
          norm.weight?.copy_(tensor([2, -1.5, 0]));
          norm.bias?.copy_(tensor([0.5, 3, -1]));
        });
        const model = new nn.Sequential(new nn.Conv2d(1, 3, 3), norm, new nn.ReLU(), new nn.MaxPool2d(2));
        const stats = new ActivationStats(model, { bins: 5 });
        const outputs: Tensor[] = [];
        for (const module of model.modules())
          module.registerForwardHook((_m, _i, y) => void outputs.push(y as Tensor));
        model(
          tensor(Float32Array.from({ length: 4 * 36 }, (_, i) => ((i * 37) % 101) / 50 - 1)).reshape([
            4, 1, 6, 6,
          ]),
        );
        const found = await stats.latest();
        for (const [i, name] of ["0", "1", "2", "3"].entries()) {
          const values = Array.from(await (outputs[i] as Tensor).data());
          for (const [key, value] of Object.entries(wanted(values))) {
            const got = Reflect.get(found[name] as Statistics, key) as number;
            expect(Math.abs(got - value), `${key} of ${name}: ${got}, not ${value}`).toBeLessThan(
              1e-6 + 1e-5 * Math.abs(value),
            );
          }
          const counted = found[name]?.histogram?.counts.reduce((a, b) => a + b, 0);
          expect(counted, name).toBe(values.length);
        }
        expect(found["2"]?.dead).toBe(1 / 3);
      }));

    it("where sums are infinite or a mean is far from 0, a second look finds the rest", () =>
      onEngine(engine, async () => {
        const model = new nn.Sequential(new nn.Identity(), new nn.ReLU());
        const stats = new ActivationStats(model);
        const of = async (values: readonly number[]): Promise<(Statistics | undefined)[]> => {
          model(tensor([[...values]]));
          const found = await stats.latest();
          return [found["0"], found["1"]];
        };
        const [infinite, cut] = await of([1, Number.POSITIVE_INFINITY, -2, 0]);
        expect([infinite?.mean, infinite?.std, infinite?.min, infinite?.max]).toEqual([
          ...[Number.POSITIVE_INFINITY, Number.NaN, -2, Number.POSITIVE_INFINITY],
        ]);
        expect([cut?.min, cut?.nonFinite, cut?.zeros]).toEqual([0, 0.25, 0.5]);
        // Finite, but their squares are not.
        const [large] = await of([1e20, -1e20, 3e19, 0]);
        expect([large?.nonFinite, large?.max, large?.min]).toEqual([
          0,
          Math.fround(1e20),
          Math.fround(-1e20),
        ]);
        const [far, alsoFar] = await of([1000.5, 1000.25, 1000.75, 1001]);
        for (const found of [far, alsoFar]) {
          expect([found?.mean, found?.nonFinite]).toEqual([1000.625, 0]);
          expect(found?.std).toBeCloseTo(Math.sqrt(0.3125 / 3), 6);
        }
      }));
  },
);

it("samples the histogram of large tensors, and nothing else", async () => {
  const model = new nn.Sequential(new nn.Identity());
  const stats = new ActivationStats(model, { bins: 4, samples: 100 });
  const whole = new ActivationStats(model, { bins: 4, samples: Number.POSITIVE_INFINITY });
  model(tensor(Float32Array.from({ length: 10_000 }, (_, i) => i % 4)).reshape([100, 100]));
  const [{ 0: sampled }, { 0: all }] = [await stats.latest(), await whole.latest()];
  expect([sampled?.mean, sampled?.max]).toEqual([1.5, 3]);
  expect(all?.histogram?.counts).toEqual([2500, 2500, 2500, 2500]);
  expect(sampled?.histogram?.counts).toEqual([25, 25, 25, 25]);
});

it("samples all channels and places alike, whatever the step has in common with their number", async () => {
  const model = new nn.Sequential(new nn.ReLU());
  // Every ninth element in memory would be of two channels of six only.
  const stats = new ActivationStats(model, { bins: 6, samples: 2048 });
  const x = tensor(Float32Array.from({ length: 6 }, (_, c) => c)).reshape([1, 6, 1, 1]);
  model(x.expand([12, 6, 16, 16]));
  const { 0: found } = await stats.latest();
  const counts = found?.histogram?.counts ?? [];
  const total = counts.reduce((a, b) => a + b, 0);
  for (const count of counts) expect(Math.abs(count - total / 6)).toBeLessThanOrEqual(1);
});

it("finds extremes of either sign, and zeros and NaN of either sign", async () => {
  const model = new nn.Sequential(new nn.Identity());
  const stats = new ActivationStats(model);
  const extremes = async (...values: number[]): Promise<unknown[]> => {
    model(tensor([values]));
    const { 0: found } = await stats.latest();
    return [found?.min, found?.max];
  };
  expect(await extremes(-3, -1, -2)).toEqual([-3, -1]);
  expect(await extremes(3, 1, 2)).toEqual([1, 3]);
  expect(await extremes(3, -1, -2, 0.5)).toEqual([-2, 3]);
  expect(await extremes(-0, -0)).toEqual([0, 0]);
  expect(await extremes(0, -1e-45)).toEqual([Math.fround(-1e-45), 0]);
  expect(await extremes(1, Number.NEGATIVE_INFINITY)).toEqual([Number.NEGATIVE_INFINITY, 1]);
  expect((await extremes(1, Number.NaN)).map(Number.isNaN)).toContain(true);
  const found = (await stats.latest())["0"];
  expect(found?.nonFinite).toBe(0.5);
});

it("adds up two million elements beside their extremes as precisely as without", async () => {
  const model = new nn.Sequential(new nn.Identity());
  const stats = new ActivationStats(model);
  // Added one after the other, roundings of a tenth all go the same way.
  const data = new Float32Array(1 << 21).fill(0.1);
  data[0] = 0;
  model(tensor(data).reshape([1 << 17, 16]));
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const { 0: found } = await stats.latest();
  expect(Math.abs((found?.mean ?? 0) / mean - 1)).toBeLessThan(5e-6);
});

it("chooses layers and steps, counts training only, and numbers calls of one layer", async () => {
  const model = new LeNet5();
  const pools = new ActivationStats(model, { layers: (name) => name === "pool", every: 2, keep: 2 });
  const every = new ActivationStats(model, { layers: (_, m) => m instanceof nn.Linear, evaluation: true });
  for (let i = 0; i < 7; i++) {
    model.train(i !== 1);
    model(zeros([1, 1, 28, 28]));
    await currentEngine().flush();
  }
  const history = await pools.history();
  expect(
    history.map(({ layer, type, shape, steps }) => [layer, type, shape, steps.map((s) => s.step)]),
  ).toEqual([
    ["pool", "MaxPool2d", [1, 6, 14, 14], [3, 5]],
    ["pool#2", "MaxPool2d", [1, 16, 5, 5], [3, 5]],
  ]);
  expect((await every.history()).map(({ layer, steps }) => [layer, steps.length])).toEqual([
    ["fc1", 7],
    ["fc2", 7],
    ["fc3", 7],
  ]);
  pools.clear();
  expect(await pools.history()).toEqual([]);
});

it("records gradients of parameters by their names", async () => {
  const model = smallNet();
  const stats = new GradientStats(model, { of: "parameters", layers: (name) => name === "5" });
  lossOf(model).backward();
  const found = await stats.latest();
  const last = model.get(5) as nn.Linear;
  expect(Object.keys(found).sort()).toEqual(["5.bias", "5.weight"]);
  expect(found["5.weight"]?.mean).toBeCloseTo(await (last.weight.grad as Tensor).mean().item(), 6);
  expect(found["5.weight"]?.max).toBeCloseTo(await (last.weight.grad as Tensor).max().item(), 6);
});

it("changes neither the training nor, once compiled, the programs, and its memory is steady", async () => {
  const train = async (
    watched: boolean,
  ): Promise<{ weights: Float32Array; compiled: number[]; bytes: number[] }> => {
    const model = smallNet();
    const optimizer = new optim.Adam(model.parameters());
    const recorders = watched
      ? [
          new ActivationStats(model, { every: 2 }),
          new GradientStats(model, { every: 2 }),
          new GradientStats(model, { of: "parameters", every: 2 }),
          updateRatios(model, optimizer, { every: 2 }),
        ]
      : [];
    const [compiled, bytes]: [number[], number[]] = [[], []];
    for (let step = 0; step < 12; step++) {
      optimizer.zeroGrad();
      lossOf(model).backward();
      await optimizer.step();
      compiled.push(currentEngine().stats.compilations);
      bytes.push(currentEngine().stats.deviceBytes);
    }
    for (const r of recorders) {
      expect((await r.history()).every((h) => h.steps.length === 6)).toBe(true);
      r.remove();
    }
    return { weights: (await (model.get(0) as nn.Conv2d).weight.data()) as Float32Array, compiled, bytes };
  };
  const [plain, watched] = [await train(false), await train(true)];
  // What nobody can see is not computed for a reader, so watching makes another program, which may round differently.
  watched.weights.forEach((w, i) => {
    expect(w).toBeCloseTo(plain.weights[i] as number, 5);
  });
  expect(watched.compiled.slice(2)).toEqual(new Array<number>(10).fill(watched.compiled[2] as number));
  expect(watched.bytes.slice(2)).toEqual(new Array<number>(10).fill(watched.bytes[2] as number));
});

it("leaves no trace when it is removed", async () => {
  const model = smallNet();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const keys = Object.keys(optimizer);
  const recorders = [
    new ActivationStats(model),
    new GradientStats(model, { of: "parameters" }),
    updateRatios(model, optimizer),
  ];
  const step = async (): Promise<number> => {
    optimizer.zeroGrad();
    lossOf(model).backward();
    await optimizer.step();
    return currentEngine().stats.graphNodes;
  };
  const watched = await step();
  for (const r of recorders) r[Symbol.dispose]();
  const plain = await step();
  expect(plain).toBeLessThan(watched / 2);
  expect([Object.keys(optimizer), Object.hasOwn(optimizer, "step")]).toEqual([keys, false]);
  expect(Object.hasOwn(model.parameters()[0] as nn.Parameter, "assignNode")).toBe(false);
  for (const r of recorders) expect((await r.history()).every((h) => h.steps.length === 1)).toBe(true);
});

it("refuses what it cannot do", () => {
  const model = smallNet();
  expect(() => new ActivationStats(model, { bins: 0 })).toThrow(
    "ActivationStats: bins must be an integer of 1 or more; got 0",
  );
  expect(() => new ActivationStats(model, { every: 1.5 })).toThrow(
    "every must be an integer of 1 or more; got 1.5",
  );
  expect(() => new ActivationStats(model, { range: [1, 1] })).toThrow(
    "range must be two finite numbers, low < high",
  );
  expect(() => new ActivationStats(model, { layers: () => false })).toThrow(
    "no layer was chosen; the model has 0, 1",
  );
  expect(() => new GradientStats(model, { of: "inputs" as "outputs" })).toThrow(
    'GradientStats: of must be "outputs" or "parameters"; got inputs',
  );
  expect(() => new ActivationStats(model, { of: "outputs" } as object)).toThrow(
    'ActivationStats: there is no option "of"; there are { layers, bins,',
  );
  expect(() => new GradientStats(model, { bin: 3 } as object)).toThrow(
    'GradientStats: there is no option "bin"; there are { layers, bins,',
  );
  const other = new optim.SGD(smallNet().parameters(), { lr: 1 });
  expect(() => updateRatios(model, other, { evry: 1 } as object)).toThrow(
    'updateRatios: there is no option "evry"; there are { every, keep }',
  );
  expect(() => updateRatios(model, other)).toThrow("the optimizer has none of the model's parameters");
  expect(() => updateRatios(model, other, { keep: -1 })).toThrow(
    "keep must be an integer of 1 or more; got -1",
  );
  const layer = model.get(0);
  model(zeros([1, 1, 6, 10]));
  expect(layer.training).toBe(true);
});
