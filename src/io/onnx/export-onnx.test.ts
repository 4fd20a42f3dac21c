/** What `exportOnnx` refuses, and that it leaves a model as it was. What files give is in test/onnx/. */
import { describe, expect, it } from "vitest";
import { arange, defaultGenerator, nn, randn, type Tensor, zeros } from "../../index.ts";
import { type ExportOnnxOptions, exportOnnx } from "./export-onnx.ts";
import { decodeModel } from "./read-model.ts";

class Net extends nn.Module {
  readonly body: (x: Tensor) => unknown;

  constructor(body: (x: Tensor) => unknown) {
    super();
    this.body = body;
  }

  forward(x: Tensor): unknown {
    return this.body(x);
  }
}

const nested = (body: (x: Tensor) => unknown): nn.Module =>
  new nn.Sequential({ head: new Net(body) as unknown as nn.Layer });
const x = zeros([2, 4]);

describe("refuses", () => {
  const bad: readonly (readonly [string, nn.Module, ExportOnnxOptions, RegExp])[] = [
    [
      "options that do not exist",
      new nn.Identity(),
      { opset: 17 } as ExportOnnxOptions,
      /exportOnnx: .*opset/,
    ],
    [
      "operator sets that are not known",
      new nn.Identity(),
      { opsetVersion: 9 },
      /opsetVersion must be 17, 18, 19, 20 or 21; got 9/,
    ],
    [
      "names that are not one for each input",
      new nn.Identity(),
      { inputNames: ["a", "b"] },
      /inputNames must be 1 different names/,
    ],
    [
      "axes of inputs that do not exist",
      new nn.Identity(),
      { dynamicAxes: { image: [0] } },
      /names "image", which is no input; inputs are input/,
    ],
    [
      "axes that do not exist",
      new nn.Identity(),
      { dynamicAxes: { input: { 2: "height" } } },
      /input has no axis 2; its shape is \[2, 4\]/,
    ],
    ["what is no tensor", nested(() => 3), {}, /forward gives number, expected a tensor/],
    [
      "operations without an operator, naming operation and module",
      nested((t) => t.abs().multinomial(1)),
      {},
      /exportOnnx: random in head \(Net\): random bits have no operator in ONNX/,
    ],
    [
      "a course that depends on the size",
      nested((t) => ((t.shape[0] as number) > 2 ? t.exp() : t.abs())),
      {},
      /forward does other things for inputs of another size: at \.unary in head/,
    ],
    [
      "sizes that an operator has as constants",
      nested((t) => t.add(arange(t.shape[0] as number).reshape([-1, 1]))),
      {},
      /in head \(Net\): a tensor that forward makes has another shape/,
    ],
    [
      "layers that want the example's size",
      new nn.Linear(4, 2),
      { dynamicAxes: { input: [1] } },
      /forward takes the example but no input of shape \[2, 8\]/,
    ],
    ["values that are read", nested((t) => t.sum().itemSync()), {}, /nothing is computed here/],
  ];
  for (const [name, model, options, message] of bad) {
    it(name, async () => {
      await expect(exportOnnx(model, x, options)).rejects.toThrow(message);
    });
  }
});

it("leaves modes, statistics and the random state as they were", async () => {
  const model = new nn.Sequential(new nn.BatchNorm1d(4), new nn.Dropout(0.5));
  model.get(1).eval();
  const example = randn([8, 4]);
  const values = (): Promise<unknown[]> => Promise.all(model.buffers().map((b) => b.array()));
  const before = [await values(), defaultGenerator.getState()];
  await exportOnnx(model, example, { training: "training" });
  expect(model.modules().map((m) => m.training)).toEqual([true, true, false]);
  expect([await values(), defaultGenerator.getState()]).toEqual(before);
});

it("names inputs, outputs and open sizes as asked", async () => {
  class Two extends nn.Module {
    forward(a: Tensor, b: Tensor): Record<string, Tensor> {
      return { sum: a.add(b), left: a };
    }
  }
  const options = {
    inputNames: ["a", "b"],
    dynamicAxes: { a: { 1: "width" }, b: { 1: "width" } },
    opsetVersion: 18,
  } as const;
  const { graph, opsets } = decodeModel(await exportOnnx(new Two(), [x, x], options), "the file", {});
  expect(opsets).toEqual(new Map([["", 18]]));
  expect(graph.inputs.map((i) => [i.name, i.shape])).toEqual([
    ["a", ["batch", "width"]],
    ["b", ["batch", "width"]],
  ]);
  expect(graph.outputs.map((o) => [o.name, o.shape])).toEqual([
    ["sum", ["batch", "width"]],
    ["left", ["batch", "width"]],
  ]);
});
