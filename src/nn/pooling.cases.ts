import type { Shape } from "../base/shape.ts";
import { constant } from "../graph/build.ts";
import { type BadInput, distinct, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";
import { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d } from "./pooling.ts";

type Size = number | readonly [number, number];

const names: Readonly<Record<string, string>> = {
  ceilMode: "ceil_mode",
  countIncludePad: "count_include_pad",
  divisorOverride: "divisor_override",
  returnIndices: "return_indices",
};

const show = (v: unknown): string =>
  Array.isArray(v)
    ? `(${v.map(show).join(", ")})`
    : v === null
      ? "None"
      : v === true
        ? "True"
        : v === false
          ? "False"
          : `${v as number}`;

/** Options as Python writes them. */
function python(options: object): string {
  return Object.entries(options)
    .map(([key, v]) => `, ${names[key] ?? key}=${show(v)}`)
    .join("");
}

function max(
  input: Shape,
  kernel: Size,
  options: ConstructorParameters<typeof MaxPool2d>[1] = {},
): ModuleSample {
  const made = `${show(kernel)}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new MaxPool2d(kernel, options),
    torch: `nn.MaxPool2d(${made})`,
    inputs: [distinct(input)],
  };
}

/** PyTorch gives positions as int64. */
const withIndices = (sample: ModuleSample): ModuleSample => ({
  ...sample,
  torch: `nn.Sequential(${sample.torch}, type("Int", (nn.Module,), {"forward": lambda _, r: (r[0], r[1].int())})())`,
});

function average(
  input: Shape,
  kernel: Size,
  options: ConstructorParameters<typeof AvgPool2d>[1] = {},
): ModuleSample {
  const made = `${show(kernel)}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new AvgPool2d(kernel, options),
    torch: `nn.AvgPool2d(${made})`,
    inputs: [uniform(input)],
  };
}

type OutputSize = ConstructorParameters<typeof AdaptiveAvgPool2d>[0];

const adaptiveAverage = (input: Shape, size: OutputSize): ModuleSample => ({
  name: `[${input}] ${show(size)}`,
  make: () => new AdaptiveAvgPool2d(size),
  torch: `nn.AdaptiveAvgPool2d(${show(size)})`,
  inputs: [uniform(input)],
});

const adaptiveMax = (input: Shape, size: OutputSize): ModuleSample =>
  withIndices({
    name: `[${input}] ${show(size)}`,
    make: () => new AdaptiveMaxPool2d(size, { returnIndices: true }),
    torch: `nn.AdaptiveMaxPool2d(${show(size)}, return_indices=True)`,
    inputs: [distinct(input)],
  });

const bad = (
  name: string,
  call: () => unknown,
  message: string,
  error: BadInput["error"] = "ArgumentError",
) => ({
  name,
  call,
  error,
  message,
});

const integers = (): Tensor => new Tensor(constant(1, [1, 1, 4, 4], "int32"));

export const cases: readonly OpCases[] = [
  moduleCases(
    "MaxPool2d",
    [
      max([2, 3, 8, 6], 2),
      max([3, 7, 5], 2),
      max([1, 1, 1, 1], 1),
      max([2, 2, 7, 9], 3, { stride: 2, padding: 1 }),
      max([1, 2, 9, 8], [2, 3], { stride: [4, 5] }),
      max([1, 2, 7, 8], [2, 3], { stride: 2, ceilMode: true }),
      max([1, 2, 4, 4], 2, { stride: 3, padding: 1, ceilMode: true }),
      max([1, 2, 9, 8], [3, 2], { stride: [1, 2], dilation: [2, 3] }),
      max([1, 1, 7, 7], [2, 3], { stride: 2, padding: 1, dilation: [3, 2], ceilMode: true }),
      withIndices(max([2, 3, 7, 6], [3, 2], { stride: [2, 1], padding: [1, 0], returnIndices: true })),
      withIndices(max([2, 7, 9], 2, { dilation: 3, ceilMode: true, returnIndices: true })),
    ],
    [
      bad(
        "dimensions",
        () => new MaxPool2d(2)(zeros([8, 8])),
        "MaxPool2d(2): input has 2 dimensions (shape [8, 8]), expected N, C, H, W or C, H, W",
        "ShapeError",
      ),
      bad(
        "type",
        () => new MaxPool2d(2)(integers()),
        'MaxPool2d(2): needs a float tensor, got int32; convert with .to("float32")',
        "DTypeError",
      ),
      bad(
        "padding",
        () => new MaxPool2d(2, { padding: 2 }),
        "MaxPool2d: padding 2 is more than half of kernelSize 2; pad with F.pad first",
      ),
      bad(
        "kernel",
        () => new MaxPool2d(0),
        "MaxPool2d: kernelSize must be an integer of 1 or more, or a list of 2 of them; got 0",
      ),
      bad(
        "stride",
        () => new MaxPool2d(2, { stride: [1, -1] }),
        "MaxPool2d: stride must be an integer of 1 or more, or a list of 2 of them; got [1, -1]",
      ),
      bad(
        "stride as a bare number",
        () => new MaxPool2d(2, 2 as unknown as object),
        "MaxPool2d: options are given as an object, { stride, padding, dilation, ceilMode, returnIndices }; got 2",
      ),
      bad(
        "window larger than the input",
        () => new MaxPool2d(3)(zeros([1, 1, 2, 8])),
        "MaxPool2d(3): a window of 3 does not fit into 2 elements (input shape [1, 1, 2, 8]); use a smaller kernel or more " +
          "padding",
        "ShapeError",
      ),
    ],
  ),
  moduleCases(
    "AvgPool2d",
    [
      average([2, 3, 8, 6], 2),
      average([3, 7, 5], [2, 3]),
      average([1, 1, 1, 1], 1),
      average([2, 2, 7, 9], 3, { stride: 2, padding: 1 }),
      average([2, 2, 7, 9], 3, { stride: 2, padding: 1, countIncludePad: false }),
      average([1, 2, 9, 8], [2, 3], { stride: [4, 5] }),
      average([1, 2, 7, 8], [2, 3], { stride: 2, ceilMode: true }),
      average([1, 2, 6, 7], 3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
      average([1, 2, 6, 7], 3, { stride: 2, padding: 1, ceilMode: true }),
      average([1, 2, 5, 5], [3, 2], { divisorOverride: 5 }),
      average([1, 2, 5, 5], 2, { padding: 1, divisorOverride: 3, ceilMode: true }),
    ],
    [
      bad(
        "divisor",
        () => new AvgPool2d(2, { divisorOverride: 0 }),
        "AvgPool2d: divisorOverride must be an integer of 1 or more; got 0",
      ),
      bad(
        "no such option",
        () => new AvgPool2d(2, { dilation: 2 } as object),
        'AvgPool2d: there is no option "dilation"; there are { stride, padding, ceilMode, countIncludePad, divisorOverride }',
      ),
      bad(
        "padding",
        () => new AvgPool2d([2, 4], { padding: [1, 3] }),
        "AvgPool2d: padding [1, 3] is more than half of kernelSize [2, 4]; pad with F.pad first",
      ),
    ],
  ),
  moduleCases(
    "AdaptiveAvgPool2d",
    [
      adaptiveAverage([2, 3, 8, 6], 1),
      adaptiveAverage([2, 3, 8, 6], [4, 2]),
      adaptiveAverage([2, 3, 7, 11], [3, 5]),
      adaptiveAverage([3, 10, 7], [7, 5]),
      adaptiveAverage([1, 2, 3, 2], [5, 7]),
      adaptiveAverage([1, 2, 5, 7], [null, 3]),
      adaptiveAverage([1, 2, 5, 7], [5, 7]),
    ],
    [
      bad(
        "size",
        () => new AdaptiveAvgPool2d(0),
        "AdaptiveAvgPool2d: outputSize must be an integer of 1 or more, null, or a pair of them; got 0",
      ),
      bad(
        "no size",
        () => new AdaptiveAvgPool2d(undefined as unknown as number),
        "AdaptiveAvgPool2d: outputSize must be an integer of 1 or more, null, or a pair of them; got undefined",
      ),
      bad(
        "nothing to pool",
        () => new AdaptiveAvgPool2d(2)(zeros([1, 1, 0, 4])),
        "AdaptiveAvgPool2d(2): a plane of 0 x 4 has no elements to pool",
        "ShapeError",
      ),
    ],
  ),
  moduleCases(
    "AdaptiveMaxPool2d",
    [
      adaptiveMax([2, 3, 8, 6], 1),
      adaptiveMax([2, 3, 8, 6], [4, 2]),
      adaptiveMax([2, 3, 7, 11], [3, 5]),
      adaptiveMax([3, 10, 7], [7, 5]),
      adaptiveMax([1, 2, 3, 2], [5, 7]),
      adaptiveMax([1, 2, 5, 7], [null, 3]),
      {
        name: "values alone",
        make: () => new AdaptiveMaxPool2d([2, 3]),
        torch: "nn.AdaptiveMaxPool2d((2, 3))",
        inputs: [distinct([2, 1, 5, 4])],
      },
      {
        ...withIndices({
          name: "the first of equal ones counts",
          make: () => new AdaptiveMaxPool2d([2, 3], { returnIndices: true }),
          torch: "nn.AdaptiveMaxPool2d((2, 3), return_indices=True)",
          inputs: [{ ...uniform([1, 1, 5, 4]), element: () => 1 }],
        }),
        kinks: true,
      },
    ],
    [
      bad(
        "size",
        () => new AdaptiveMaxPool2d([2, 1.5]),
        "AdaptiveMaxPool2d: outputSize must be an integer of 1 or more, null, or a pair of them; got 2,1.5",
      ),
      bad(
        "dimensions",
        () => new AdaptiveMaxPool2d(2)(zeros([4])),
        "AdaptiveMaxPool2d(2): input has 1 dimensions (shape [4]), expected N, C, H, W or C, H, W",
        "ShapeError",
      ),
    ],
  ),
  moduleCases(
    "GlobalAvgPool2d",
    [
      {
        name: "batch",
        make: () => new GlobalAvgPool2d(),
        torch: "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())",
        inputs: [uniform([2, 3, 5, 7])],
      },
      {
        name: "one image",
        make: () => new GlobalAvgPool2d(),
        torch: "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(0))",
        inputs: [uniform([5, 1, 3])],
      },
    ],
    [
      bad(
        "dimensions",
        () => new GlobalAvgPool2d()(zeros([3, 4])),
        "GlobalAvgPool2d: input has 2 dimensions (shape [3, 4]), expected N, C, H, W or C, H, W",
        "ShapeError",
      ),
    ],
  ),
];
