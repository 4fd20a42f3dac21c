/**
 * Every bad argument of every layer and of every function of layers is refused at the call, by name: as plain
 * JavaScript, which knows no types, would pass it.
 */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/base/errors.ts";
import * as F from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { complaints, type Input, inputOf, type Subject, works } from "./refusals.test-helper.ts";

/**
 * A layer or function without its name. The errors of a layer's inputs go by the layer, but for activations and losses,
 * which are the function of the same name in all but form: `says` is that name.
 */
type Entry = Omit<Subject, "name" | "call"> & { readonly says?: string };
type Table = Readonly<Record<string, Entry>>;

const image: Input = { name: "input", shape: [2, 4, 5, 5], shapes: [[], [4], [4, 5], [1, 2, 4, 5, 5]] };
const channels: Input = { ...image, shapes: [...(image.shapes ?? []), [2, 3, 5, 5]] };
const line: Input = { name: "input", shape: [2, 4, 7], shapes: [[], [4], [2, 3, 7], [1, 2, 4, 7]] };
const input: Input = { name: "input", shape: [2, 4] };
const noBool: Input = { ...input, types: ["bool"] };
const anyType: Input = { ...input, types: [] };
const ofImage = (name: string, shape: readonly number[] = [4]): Input => ({
  name,
  shape,
  shapes: [[], [3], [1, 4]],
});
const pair: readonly Input[] = [input, { name: "target", shape: [2, 4], shapes: [[2], [2, 3], [4, 2]] }];
const classes: readonly Input[] = [
  { name: "input", shape: [2, 4], shapes: [[], [3, 4]] },
  { name: "target", shape: [2], dtype: "int32", shapes: [[], [3], [2, 2]], types: ["float64", "bool"] },
];
/** A float target is probabilities. */
const classesOrShares: readonly Input[] = [
  classes[0] as Input,
  { ...(classes[1] as Input), types: ["bool"] },
];

const notPadding = [null, "1", Number.NaN, 1.5, [], [1], [1, 2, 3], ["1", 1, 1, 1], {}, true];
const notOutput = [0, -1, 1.5, Number.NaN, "1", [1], [1, 0], [1, 2, 3], {}, true];
const notShape = [null, Number.NaN, 0, -1, 1.5, "4", [], [1.5], ["4"], {}, true];
const notWeights = [5, "x", [1], {}, true, zeros([7]), zeros([4], { dtype: "int32" })];

const windows = { stride: "pair or null", padding: "pair from 0", ceilMode: "flag" } as const;
const geometry = { stride: "pair", dilation: "pair", groups: "count" } as const;
const geometry1 = { stride: "size", dilation: "size", groups: "count" } as const;
const unfolding = { stride: "pair", dilation: "pair", padding: "pair from 0" } as const;
const statistics = {
  eps: "from 0",
  momentum: "share or null",
  affine: "flag",
  trackRunningStats: "flag",
} as const;
const resizing = {
  size: [null, 0, -1, 1.5, Number.NaN, "2", [1, 2, 3], {}, true],
  scaleFactor: [null, 0, -1, Number.NaN, "2", [1, 2, 3], {}, true],
} as const;
const reduction = { reduction: "choice" } as const;

const layers: Table = {
  ReLU: { inputs: [noBool], options: {}, says: "relu" },
  ReLU6: { inputs: [noBool], options: {}, says: "relu6" },
  Sigmoid: { inputs: [anyType], options: {}, says: "sigmoid" },
  Tanh: { inputs: [anyType], options: {}, says: "tanh" },
  GELU: { inputs: [anyType], options: { approximate: "choice" }, says: "gelu" },
  LeakyReLU: { inputs: [anyType], options: { negativeSlope: "number" }, says: "leakyRelu" },
  ELU: { inputs: [anyType], options: { alpha: "number" }, says: "elu" },
  CELU: { inputs: [anyType], options: { alpha: "positive" }, says: "celu" },
  SELU: { inputs: [anyType], options: {}, says: "selu" },
  SiLU: { inputs: [anyType], options: {}, says: "silu" },
  Mish: { inputs: [anyType], options: {}, says: "mish" },
  Hardswish: { inputs: [anyType], options: {}, says: "hardswish" },
  Hardsigmoid: { inputs: [anyType], options: {}, says: "hardsigmoid" },
  Hardtanh: { inputs: [anyType], options: { minVal: "number", maxVal: "number" }, says: "hardtanh" },
  Softplus: { inputs: [anyType], options: { beta: "positive", threshold: "number" }, says: "softplus" },
  PReLU: { inputs: [input], options: { numParameters: "count", init: "number" } },
  Softmax: { inputs: [anyType], options: { dim: "integer" } },
  LogSoftmax: { inputs: [anyType], options: { dim: "integer" } },
  Linear: {
    args: [
      ["inFeatures", "count", 4],
      ["outFeatures", "count", 3],
    ],
    options: { bias: "flag" },
    inputs: [{ ...input, shapes: [[], [5], [2, 3]] }],
  },
  Conv1d: {
    args: [
      ["inChannels", "count", 4],
      ["outChannels", "count", 4],
      ["kernelSize", "size", 3],
    ],
    options: { ...geometry1, padding: "size from 0", bias: "flag", paddingMode: "choice" },
    inputs: [line],
  },
  Conv2d: {
    args: [
      ["inChannels", "count", 4],
      ["outChannels", "count", 4],
      ["kernelSize", "pair", 3],
    ],
    options: { ...geometry, padding: "pair from 0", bias: "flag", paddingMode: "choice" },
    inputs: [{ ...channels, shapes: [...(channels.shapes ?? []), [2, 4, 2, 5]] }],
  },
  ConvTranspose1d: {
    args: [
      ["inChannels", "count", 4],
      ["outChannels", "count", 4],
      ["kernelSize", "size", 3],
    ],
    options: { ...geometry1, padding: "size from 0", outputPadding: "size from 0", bias: "flag" },
    inputs: [line],
  },
  ConvTranspose2d: {
    args: [
      ["inChannels", "count", 4],
      ["outChannels", "count", 4],
      ["kernelSize", "pair", 3],
    ],
    options: { ...geometry, padding: "pair from 0", outputPadding: "pair from 0", bias: "flag" },
    inputs: [channels],
  },
  BatchNorm1d: {
    args: [["numFeatures", "count", 4]],
    options: statistics,
    inputs: [{ ...line, shapes: [[], [4], [2, 3], [2, 3, 7], [2, 4, 1, 7]] }],
  },
  BatchNorm2d: { args: [["numFeatures", "count", 4]], options: statistics, inputs: [channels] },
  InstanceNorm2d: {
    args: [["numFeatures", "count", 4]],
    options: { ...statistics, momentum: "share" },
    inputs: [channels],
  },
  GroupNorm: {
    args: [
      ["numGroups", "count", 2],
      ["numChannels", "count", 4],
    ],
    options: { eps: "from 0", affine: "flag" },
    inputs: [{ ...channels, shapes: [[], [4], [2, 3, 5, 5]] }],
  },
  LayerNorm: {
    args: [["normalizedShape", notShape, [4]]],
    options: { eps: "from 0", elementwiseAffine: "flag", bias: "flag" },
    inputs: [{ ...input, shapes: [[], [3], [4, 2]] }],
  },
  LocalResponseNorm: {
    args: [["size", "count", 2]],
    options: { alpha: "number", beta: "number", k: "number" },
    inputs: [{ ...image, shapes: [[], [4]] }],
  },
  MaxPool2d: {
    args: [["kernelSize", "pair", 2]],
    options: { ...windows, dilation: "pair", returnIndices: "flag" },
    inputs: [{ ...image, shapes: [...(image.shapes ?? []), [2, 4, 1, 5]] }],
  },
  AvgPool2d: {
    args: [["kernelSize", "pair", 2]],
    options: {
      ...windows,
      countIncludePad: "flag",
      divisorOverride: [0, -1, 1.5, Number.NaN, "2", {}, true],
    },
    inputs: [{ ...image, shapes: [...(image.shapes ?? []), [2, 4, 1, 5]] }],
  },
  AdaptiveAvgPool2d: { args: [["outputSize", notOutput, 2]], inputs: [image] },
  AdaptiveMaxPool2d: {
    args: [["outputSize", notOutput, 2]],
    options: { returnIndices: "flag" },
    inputs: [image],
  },
  GlobalAvgPool2d: { inputs: [image], options: {} },
  Flatten: {
    options: { startDim: "integer", endDim: "integer" },
    inputs: [{ ...anyType, shape: [2, 4, 5], shapes: [[4]] }],
  },
  Unflatten: {
    args: [
      ["dim", "integer", 1],
      ["unflattenedSize", [null, "2", 5, {}, [], [1.5], [-1, -1], ["2", 2], true], [2, 2]],
    ],
    inputs: [{ ...anyType, shapes: [[4], [2, 6]] }],
  },
  Dropout: { options: { p: "share" }, inputs: [input] },
  Dropout2d: { options: { p: "share" }, inputs: [{ ...image, shapes: [[], [4], [4, 5], [1, 2, 4, 5, 5]] }] },
  Embedding: {
    args: [
      ["numEmbeddings", "count", 5],
      ["embeddingDim", "count", 3],
    ],
    options: { paddingIdx: [5, -6, 1.5, Number.NaN, "1", {}, true] },
    inputs: [{ ...input, dtype: "int32", types: ["float32", "float64", "bool"] }],
  },
  PixelShuffle: {
    args: [["upscaleFactor", "count", 2]],
    inputs: [{ ...image, types: [], shapes: [[], [4, 5], [3, 5, 5]] }],
  },
  PixelUnshuffle: {
    args: [["downscaleFactor", "count", 5]],
    inputs: [{ ...image, types: [], shapes: [[], [4, 5], [3, 4, 5]] }],
  },
  Upsample: {
    options: { ...resizing, mode: "choice", alignCorners: "flag" },
    needed: { scaleFactor: 2, mode: "bilinear" },
    inputs: [{ ...image, shapes: [[], [4], [4, 5, 5], [1, 2, 4, 5, 5]] }],
  },
  Unfold: {
    args: [["kernelSize", "pair", 2]],
    options: unfolding,
    inputs: [{ ...image, shapes: [[], [4], [4, 5], [2, 4, 1, 5]] }],
  },
  Fold: {
    args: [
      ["outputSize", "pair", 5],
      ["kernelSize", "pair", 2],
    ],
    options: unfolding,
    inputs: [{ name: "input", shape: [2, 8, 16], shapes: [[], [8], [2, 7, 16], [2, 8, 15]] }],
  },
  ZeroPad2d: { args: [["padding", notPadding, 1]], inputs: [{ ...image, types: [] }] },
  ConstantPad2d: {
    args: [
      ["padding", notPadding, 1],
      ["value", "number", 2],
    ],
    inputs: [{ ...image, types: [] }],
  },
  ReflectionPad1d: {
    args: [["padding", notPadding, 1]],
    inputs: [{ ...line, types: [], shapes: [[], [7], [2, 4, 1]] }],
  },
  ReflectionPad2d: { args: [["padding", [...notPadding, -1], 1]], inputs: [{ ...image, types: [] }] },
  ReplicationPad1d: {
    args: [["padding", notPadding, 1]],
    inputs: [{ ...line, types: [], shapes: [[], [7]] }],
  },
  ReplicationPad2d: { args: [["padding", [...notPadding, -1], 1]], inputs: [{ ...image, types: [] }] },
  CrossEntropyLoss: {
    options: {
      ...reduction,
      weight: notWeights.slice(0, 5),
      ignoreIndex: "integer",
      labelSmoothing: "share",
    },
    inputs: classesOrShares,
    says: "crossEntropy",
  },
  NLLLoss: {
    options: { ...reduction, weight: notWeights.slice(0, 5), ignoreIndex: "integer" },
    inputs: classes,
    says: "nllLoss",
  },
  MSELoss: { options: reduction, inputs: pair, says: "mseLoss" },
  L1Loss: { options: reduction, inputs: pair, says: "l1Loss" },
  SmoothL1Loss: { options: { ...reduction, beta: "from 0" }, inputs: pair, says: "smoothL1Loss" },
  HuberLoss: { options: { ...reduction, delta: "positive" }, inputs: pair, says: "huberLoss" },
  BCELoss: { options: { ...reduction, weight: "tensor or null" }, inputs: pair, says: "binaryCrossEntropy" },
  BCEWithLogitsLoss: {
    options: { ...reduction, weight: "tensor or null", posWeight: "tensor or null" },
    inputs: pair,
    says: "binaryCrossEntropyWithLogits",
  },
  KLDivLoss: { options: { ...reduction, logTarget: "flag" }, inputs: pair, says: "klDiv" },
};

const conv = [image, { name: "weight", shape: [4, 4, 3, 3], shapes: [[], [4, 4, 3], [3, 3, 3, 3]] }] as const;
const conv1 = [
  { name: "input", shape: [2, 4, 7], shapes: [[], [4], [2, 3, 7]] },
  { name: "weight", shape: [4, 4, 3], shapes: [[], [4, 4, 3, 3], [3, 3, 3]] },
] as const;
const bias = { bias: notWeights } as const;

/** Functions that take something else than the layer of the same name, or have none. */
const functions: Table = {
  logsigmoid: { inputs: [anyType] },
  prelu: { inputs: [input, { name: "weight", shape: [4], shapes: [[3], [2, 4]] }] },
  softmax: { inputs: [anyType], args: [["dim", ["1", 2, -3, 1.5, null, {}, true], 1]] },
  logSoftmax: { inputs: [anyType], args: [["dim", ["1", 2, -3, 1.5, null, {}, true], 1]] },
  linear: {
    inputs: [
      { ...input, shapes: [[], [3]] },
      { name: "weight", shape: [4, 4], shapes: [[], [4], [4, 3]] },
    ],
    options: bias,
  },
  conv1d: { inputs: conv1, options: { ...geometry1, ...bias, padding: "size from 0" } },
  conv2d: { inputs: conv, options: { ...geometry, ...bias, padding: "pair from 0" } },
  convTranspose1d: {
    inputs: conv1,
    options: { ...geometry1, ...bias, padding: "size from 0", outputPadding: "size from 0" },
  },
  convTranspose2d: {
    inputs: conv,
    options: { ...geometry, ...bias, padding: "pair from 0", outputPadding: "pair from 0" },
  },
  batchNorm: {
    inputs: [{ ...image, shapes: [[], [4], [2, 3, 5]] }, ofImage("runningMean"), ofImage("runningVar")],
    options: { eps: "from 0", momentum: "share", training: "flag", weight: notWeights, bias: notWeights },
  },
  instanceNorm: {
    inputs: [{ ...image, shapes: [[], [4]] }],
    options: {
      eps: "from 0",
      momentum: "share",
      useInputStats: "flag",
      weight: notWeights,
      bias: notWeights,
      runningMean: notWeights,
      runningVar: notWeights,
    },
  },
  groupNorm: {
    inputs: [{ ...image, shapes: [[], [4], [2, 3, 5]] }],
    args: [["numGroups", "count", 2]],
    options: { eps: "from 0", weight: notWeights, bias: notWeights },
  },
  layerNorm: {
    inputs: [{ ...input, shapes: [[], [3]] }],
    args: [["normalizedShape", notShape, [4]]],
    options: { eps: "from 0", weight: notWeights, bias: notWeights },
  },
  dropout: { inputs: [input], options: { p: "share", training: "flag" } },
  dropout2d: { ...(layers.Dropout2d as Entry), options: { p: "share", training: "flag" } },
  embedding: {
    inputs: [
      { ...input, dtype: "int32", types: ["float32", "float64", "bool"] },
      { name: "weight", shape: [5, 3], shapes: [[], [5], [5, 3, 1]], types: [] },
    ],
    options: { paddingIdx: [5, -6, 1.5, Number.NaN, "1", {}, true] },
  },
  interpolate: layers.Upsample as Entry,
  pad: {
    inputs: [{ ...anyType, shapes: [[]] }],
    args: [["padding", [null, 1, "1", {}, [1], [1.5, 1], ["1", "1"], [1, 1, 1, 1, 1, 1], true], [1, 1]]],
    options: { mode: "choice", value: [null, "1", true, {}, []] },
  },
  crossEntropy: {
    ...(layers.CrossEntropyLoss as Entry),
    options: { ...layers.CrossEntropyLoss?.options, weight: notWeights },
  },
  nllLoss: { ...(layers.NLLLoss as Entry), options: { ...layers.NLLLoss?.options, weight: notWeights } },
  binaryCrossEntropy: {
    ...(layers.BCELoss as Entry),
    inputs: [{ ...input, shapes: [] }, ...pair.slice(1)],
    options: { ...reduction, weight: notWeights },
  },
  binaryCrossEntropyWithLogits: {
    ...(layers.BCEWithLogitsLoss as Entry),
    options: { ...reduction, weight: notWeights, posWeight: notWeights },
  },
  klDiv: layers.KLDivLoss as Entry,
};

type Make = new (...args: unknown[]) => (...inputs: unknown[]) => unknown;
type Fn = (...args: unknown[]) => unknown;
const given = (args: readonly unknown[], options: unknown): unknown[] =>
  options === undefined ? [...args] : [...args, options];

const made: Readonly<Record<string, Make>> = { ...nn } as never;
const called: Readonly<Record<string, Fn>> = { ...F } as never;
const isLayer = (value: unknown): boolean =>
  typeof value === "function" && value.prototype instanceof nn.Module;
/** Modules that hold others, and one that takes whatever it is given. */
const others = ["Module", "Sequential", "ModuleList", "ModuleDict", "Identity"];

describe("layers", () => {
  it("are all here", () => {
    const names = Object.entries(nn).filter(([, value]) => isLayer(value));
    const missing = names.map(([name]) => name).filter((name) => !others.includes(name) && !(name in layers));
    expect(missing).toEqual([]);
  });

  for (const [name, entry] of Object.entries(layers)) {
    const make = made[name] as Make;
    const { inputs, ...construction } = entry;

    it(`${name} refuses bad arguments`, () => {
      const subject: Subject = {
        ...construction,
        name,
        call: (_, args, options) => new make(...given(args, options)),
      };
      works(subject);
      expect(complaints(subject)).toEqual([]);
    });

    it(`${name} refuses bad input`, () => {
      const layer = new make(
        ...given(
          (entry.args ?? []).map(([, , value]) => value),
          entry.needed,
        ),
      );
      const subject: Subject = {
        name: entry.says ?? name,
        inputs: inputs ?? [],
        call: (list) => layer(...list),
      };
      works(subject);
      expect(complaints(subject, "inputs")).toEqual([]);
    });
  }
});

/** What a function takes: by its own line, or as the layer of its name. Those without options take no object for them. */
function functionNamed(name: string): Entry | undefined {
  if (functions[name] !== undefined) return functions[name];
  const layer = Object.keys(layers).find((key) => key.toLowerCase() === name.toLowerCase()) ?? "";
  const { options = {}, ...entry } = layers[layer] ?? {};
  if (entry.inputs === undefined) return undefined;
  return Object.keys(options).length === 0 ? entry : { ...entry, options };
}

describe("functions of layers", () => {
  it("are all here", () => {
    expect(Object.keys(F).filter((name) => functionNamed(name) === undefined)).toEqual([]);
  });

  for (const name of Object.keys(F)) {
    const entry = functionNamed(name);
    it(`F.${name} refuses bad arguments`, () => {
      const call = called[name] as Fn;
      const subject: Subject = {
        ...entry,
        name,
        call: (inputs, args, options) => call(...inputs, ...given(args, options)),
      };
      works(subject);
      expect(complaints(subject)).toEqual([]);
    });
  }
});

describe("containers", () => {
  for (const name of ["Sequential", "ModuleList", "ModuleDict"]) {
    for (const value of [5, "x", null, [5], () => 1, { a: 5 }, zeros([2])]) {
      it(`${name} refuses ${inspect(value)}`, () => {
        const of = made[name] as Make;
        expect(() => new of(value)).toThrow(ArgumentError);
        expect(() => new of(value)).toThrow(name);
      });
    }
  }
});

describe("messages that teach", () => {
  it("says which Linear would fit", () => {
    const layer = new nn.Linear(100, 10);
    expect(() => layer(zeros([1, 512]))).toThrow(ShapeError);
    expect(() => layer(zeros([1, 512]))).toThrow(
      "Linear(100, 10): input has 512 features in its last dimension, expected 100 (input shape [1, 512]); make it " +
        "Linear(512, 10)",
    );
  });

  it("says to flatten where that would fit", () => {
    const layer = new nn.Linear(100, 10);
    expect(() => layer(zeros([2, 4, 5, 5]))).toThrow(
      "Linear(100, 10): input has 5 features in its last dimension, expected 100 (input shape [2, 4, 5, 5]); flatten it " +
        "first, with x.flatten(1) or nn.Flatten()",
    );
  });

  it("says to await a promise", () => {
    const layer = new nn.Linear(100, 10);
    expect(() => layer(Promise.resolve(tensor([1])) as never)).toThrow("await it first");
  });

  it("says which of several pools does not fit", () => {
    const model = new nn.Sequential(new nn.MaxPool2d(2), new nn.AvgPool2d([3, 2]));
    expect(() => model(zeros([1, 1, 4, 4]))).toThrow(
      "AvgPool2d([3, 2]): a window of 3 does not fit into 2 elements (input shape [1, 1, 2, 2]); use a smaller kernel or " +
        "more padding",
    );
    expect(() => new nn.AdaptiveAvgPool2d([null, 3])(zeros([4, 4]))).toThrow(
      "AdaptiveAvgPool2d([null, 3]): input has",
    );
  });

  it("takes a good input still", () => {
    expect(new nn.Linear(4, 3)(inputOf(input)).shape).toEqual([2, 3]);
  });
});
