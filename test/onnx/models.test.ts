/**
 * All models as files: read back they compute the same and learn the same, and onnxruntime gives the same, for another batch
 * and another image size than those that they were exported with.
 */
import { describe, expect, it } from "vitest";
import {
  currentEngine,
  F,
  type io,
  manualSeed,
  models,
  nn,
  optim,
  randn,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { exportOnnx, importOnnx } from "../../src/io/index.ts";
import { decodeModel } from "../../src/io/onnx/read-model.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { expectExchange } from "./exchange.test-helper.ts";
import { difference } from "./runtime.test-helper.ts";

const anySize = { input: { 2: "height", 3: "width" } };

type Sizes = readonly [channels: number, height: number, width: number];

/** The model, the example's image, and another one where the model takes any. */
const cases: readonly (readonly [string, () => nn.Module, Sizes, Sizes?])[] = [
  ["LeNet5", () => new models.LeNet5(), [1, 28, 28]],
  ["vgg11", () => models.vgg11({ numClasses: 10 }), [3, 32, 32]],
  ["resnet18", () => models.resnet18({ numClasses: 10 }), [3, 64, 64], [3, 96, 64]],
  ["resnet34", () => models.resnet34({ numClasses: 10 }), [3, 64, 64], [3, 70, 90]],
  ["resnet50", () => models.resnet50({ numClasses: 10 }), [3, 64, 64], [3, 96, 64]],
  ["resnet20", () => models.resnet20(), [3, 32, 32], [3, 40, 52]],
  ["mobilenetV2", () => models.mobilenetV2({ numClasses: 10 }), [3, 64, 64], [3, 96, 70]],
];

/** Running statistics and weights of a trained network rather than those of a fresh one. */
function settle(model: nn.Module): nn.Module {
  for (const [name, buffer] of model.namedBuffers()) {
    if (name.endsWith("running_mean")) buffer.assignNode(randn(buffer.shape).mul(0.1).node);
    if (name.endsWith("running_var")) buffer.assignNode(randn(buffer.shape).abs().add(0.5).node);
  }
  return model.eval();
}

describe("evaluation", () => {
  for (const [name, make, sizes, other] of cases) {
    it(name, { timeout: 120_000 }, async () => {
      manualSeed(1);
      const model = settle(make());
      const options: io.ExportOnnxOptions = other === undefined ? {} : { dynamicAxes: anySize };
      const inputs = [randn([3, ...(other ?? sizes)])];
      // Fifty layers add up their rounding errors.
      const bytes = await expectExchange(
        model,
        { examples: [randn([1, ...sizes])], inputs, options, tolerance: 5e-5 },
        name,
      );
      const again = importOnnx(bytes);
      // Fresh weights are computed first: with them the outputs of before would be, in a program that prepares nothing.
      await currentEngine().flush();
      const [a, b] = noGrad(() => [model(...(inputs as never[])) as Tensor, again(inputs[0] as Tensor)]) as [
        Tensor,
        Tensor,
      ];
      // The same operations; where programs are put together in another way, the last bit may differ.
      const { worst, scale } = difference(await a.data(), await b.data());
      expect(worst / scale).toBeLessThan(1e-6);
      const state = Object.keys(model.stateDict()).filter((key) => !key.endsWith("num_batches_tracked"));
      expect(Object.keys(again.stateDict()).sort()).toEqual(state.sort());
    });
  }
});

describe("training mode", () => {
  const small = [cases[0], cases[5], cases[6]] as (typeof cases)[number][];
  for (const [name, make, sizes] of small) {
    it(name, { timeout: 120_000 }, async () => {
      manualSeed(1);
      const model = make().train();
      // Dropout draws other numbers elsewhere.
      for (const module of model.modules()) if (module instanceof nn.Dropout) module.p = 0;
      const inputs = [randn([4, ...sizes])];
      const options = { training: "preserve" } as const;
      await expectExchange(
        model,
        { examples: [randn([2, ...sizes])], inputs, options, tolerance: 1e-4 },
        name,
      );
    });
  }
});

/** The nodes of a file, as `Conv layer1.0.conv1.weight`: what it is, and the weight that it has. */
function outline(bytes: Uint8Array): string[] {
  const { graph } = decodeModel(bytes, "the file", {});
  const weights = new Set(graph.initializers.map((t) => t.name));
  return graph.nodes.map((n) => [n.opType, ...n.inputs.filter((i) => weights.has(i)).slice(0, 1)].join(" "));
}

it("files say what a reader expects: one node for each layer, under its weights' names", async () => {
  const bytes = await exportOnnx(models.resnet20(), randn([1, 3, 32, 32]));
  const nodes = outline(bytes);
  expect(nodes.slice(0, 8)).toEqual([
    "Conv conv1.weight",
    "BatchNormalization bn1.weight",
    "Relu",
    "Conv layer1.0.conv1.weight",
    "BatchNormalization layer1.0.bn1.weight",
    "Relu",
    "Conv layer1.0.conv2.weight",
    "BatchNormalization layer1.0.bn2.weight",
  ]);
  expect(nodes.slice(-3)).toEqual(["GlobalAveragePool", "Flatten", "Gemm fc.weight"]);
  const { graph } = decodeModel(bytes, "the file", {});
  expect(graph.nodes[3]?.name).toBe("/layer1/0/conv1/Conv");
  expect(graph.inputs).toEqual([{ name: "input", type: "float32", shape: ["batch", 3, 32, 32] }]);
  expect(graph.outputs).toEqual([{ name: "output", type: "float32", shape: ["batch", 10] }]);
});

it("an imported network learns as the original does, bit for bit", async () => {
  manualSeed(2);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(6 * 16, 10),
  );
  const twin = importOnnx(await exportOnnx(model, randn([1, 1, 8, 8])));
  expect(twin.training).toBe(false);
  const images = randn([16, 1, 8, 8]);
  const labels = tensor(
    Array.from({ length: 16 }, (_, i) => i % 10),
    { dtype: "int32" },
  );
  const losses: number[][] = [];
  for (const network of [model, twin] as readonly (nn.Module & ((x: Tensor) => Tensor))[]) {
    network.train();
    const optimizer = new optim.SGD(network.parameters(), { lr: 0.1, momentum: 0.9 });
    const list: number[] = [];
    for (let step = 0; step < 6; step++) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(network(images), labels);
      loss.backward();
      await optimizer.step();
      list.push(await loss.item());
    }
    losses.push(list);
  }
  expect(losses[1]).toEqual(losses[0]);
  expect(losses[0]?.at(-1)).toBeLessThan((losses[0]?.[0] as number) / 2);
  const state = twin.stateDict();
  for (const [key, value] of Object.entries(model.stateDict())) {
    if (key.endsWith("num_batches_tracked")) continue;
    // The file's momentum, one minus ours, is a float32.
    const found = await (state[key] as Tensor).data();
    (await value.data()).forEach((v, i) => void expect(found[i], key).toBeCloseTo(v, 5));
  }
});
