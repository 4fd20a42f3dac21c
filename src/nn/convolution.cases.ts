import type { Shape } from "../base/shape.ts";
import { type BadInput, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import type { NumberOrPair } from "./arguments.ts";
import { Conv1d, Conv2d, type ConvOptions } from "./convolution.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";

type Options = ConvOptions<NumberOrPair>;

const names: Readonly<Record<string, string>> = { paddingMode: "padding_mode" };

/** Options as Python writes them. */
function python(options: object): string {
  const show = (v: unknown): string =>
    typeof v === "string"
      ? `"${v}"`
      : Array.isArray(v)
        ? `(${v.join(", ")})`
        : v === false
          ? "False"
          : `${v}`;
  return Object.entries(options)
    .map(([key, v]) => `, ${names[key] ?? key}=${show(v)}`)
    .join("");
}

function sample2d(
  input: Shape,
  outChannels: number,
  kernel: NumberOrPair,
  options: Options = {},
): ModuleSample {
  const channels = input.at(-3) as number;
  const size = Array.isArray(kernel) ? `(${kernel.join(", ")})` : `${kernel}`;
  const made = `${channels}, ${outChannels}, ${size}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new Conv2d(channels, outChannels, kernel, options),
    torch: `nn.Conv2d(${made})`,
    inputs: [uniform(input)],
  };
}

function sample1d(
  input: Shape,
  outChannels: number,
  kernel: number,
  options: ConvOptions<number> = {},
): ModuleSample {
  const channels = input.at(-2) as number;
  const made = `${channels}, ${outChannels}, ${kernel}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new Conv1d(channels, outChannels, kernel, options),
    torch: `nn.Conv1d(${made})`,
    inputs: [uniform(input)],
  };
}

function refused(name: string, call: () => unknown, error: BadInput["error"], message: string): BadInput {
  return { name, call, error, message };
}

const layer = (): Conv2d => new Conv2d(3, 16, 3);

export const cases: readonly OpCases[] = [
  moduleCases(
    "Conv2d",
    [
      sample2d([2, 3, 7, 5], 4, 3),
      sample2d([3, 7, 5], 4, 3, { padding: 1 }),
      sample2d([1, 1, 5, 6], 1, 1, { bias: false }),
      sample2d([1, 1, 1, 1], 1, 3, { padding: 1 }),
      sample2d([2, 3, 7, 8], 4, [2, 3], { padding: "valid", stride: [3, 4] }),
      sample2d([1, 2, 9, 7], 3, 2, { stride: 5 }),
      sample2d([1, 2, 5, 7], 3, [2, 4], { padding: "same" }),
      sample2d([1, 2, 8, 7], 3, [4, 3], { padding: "same", dilation: [3, 2] }),
      sample2d([2, 4, 9, 8], 6, 3, { groups: 2, dilation: [2, 3], padding: [2, 1] }),
      sample2d([1, 3, 6, 7], 6, 3, { groups: 3, stride: 2, padding: 1, bias: false }),
      sample2d([1, 5, 4, 6], 7, 1, { stride: [1, 2] }),
      ...(["reflect", "replicate", "circular"] as const).flatMap((paddingMode) => [
        sample2d([2, 3, 6, 5], 4, 3, { padding: [1, 2], paddingMode }),
        sample2d([1, 2, 5, 7], 3, [2, 4], { padding: "same", paddingMode }),
        sample2d([1, 2, 8, 7], 3, [4, 3], { padding: "same", dilation: [1, 2], paddingMode }),
      ]),
      sample2d([1, 4, 5, 6], 4, 3, { padding: 2, stride: 2, groups: 4, paddingMode: "circular" }),
      sample2d([1, 2, 5, 6], 2, 3, { padding: 0, paddingMode: "reflect" }),
    ],
    [
      refused(
        "channels",
        () => layer()(zeros([64, 1, 28, 28])),
        "ShapeError",
        "Conv2d(3, 16, kernelSize 3): input has 1 channel, expected 3 (input shape [64, 1, 28, 28] is N, C, H, W)",
      ),
      refused(
        "dimensions",
        () => layer()(zeros([28, 28])),
        "ShapeError",
        "Conv2d(3, 16, kernelSize 3): input has 2 dimensions (shape [28, 28]), expected N, C, H, W or C, H, W",
      ),
      refused(
        "type",
        () => layer()(zeros([1, 3, 5, 5], { dtype: "uint8" })),
        "DTypeError",
        'Conv2d(3, 16, kernelSize 3): input is uint8, weight float32; convert the input with .to("float32")',
      ),
      refused(
        "kernel",
        () => new Conv2d(3, 16, [3, 0]),
        "ArgumentError",
        "Conv2d: kernelSize must be an integer of 1 or more, or a list of 2 of them; got [3, 0]",
      ),
      refused(
        "stride",
        () => new Conv2d(3, 16, 3, { stride: 0 }),
        "ArgumentError",
        "Conv2d(3, 16, kernelSize 3): stride must be an integer of 1 or more, or a list of 2 of them; got 0",
      ),
      refused(
        "padding",
        () => new Conv2d(3, 16, 3, { padding: -1 }),
        "ArgumentError",
        "Conv2d(3, 16, kernelSize 3): padding must be an integer of 0 or more, or a list of 2 of them; got -1",
      ),
      refused(
        "dilation",
        () => new Conv2d(3, 16, 3, { dilation: 0.5 }),
        "ArgumentError",
        "Conv2d(3, 16, kernelSize 3): dilation must be an integer of 1 or more, or a list of 2 of them; got 0.5",
      ),
      refused(
        "groups",
        () => new Conv2d(3, 16, 3, { groups: 2 }),
        "ArgumentError",
        "Conv2d(3, 16, kernelSize 3): both numbers of channels must be divisible by groups 2",
      ),
      refused(
        "same with stride",
        () => new Conv2d(3, 16, 3, { padding: "same", stride: 2 }),
        "ArgumentError",
        'Conv2d(3, 16, kernelSize 3): padding "same" needs stride 1, got 2, 2; give numbers instead',
      ),
      refused(
        "mode of padding",
        () => new Conv2d(3, 16, 3, { paddingMode: "mirror" as "reflect" }),
        "ArgumentError",
        'Conv2d(3, 16, kernelSize 3): paddingMode must be one of "zeros", "reflect", "replicate", "circular"; got "mirror"',
      ),
      refused(
        "no such option",
        () => new Conv2d(3, 16, 3, { strides: 2 } as Options),
        "ArgumentError",
        'Conv2d: there is no option "strides"; there are { stride, padding, dilation, groups, bias, paddingMode }',
      ),
      refused(
        "mirror larger than the input",
        () => new Conv2d(1, 1, 5, { padding: 2, paddingMode: "reflect" })(zeros([1, 1, 2, 8])),
        "ShapeError",
        'Conv2d(1, 1, kernelSize 5): mode "reflect" cannot pad 2 before and 2 after the 2 elements of dimension 2 (input shape [1, 1, 2, 8])',
      ),
    ],
  ),
  moduleCases(
    "Conv1d",
    [
      sample1d([2, 3, 11], 5, 3),
      sample1d([3, 11], 5, 4, { stride: 3, padding: 2, dilation: 2 }),
      sample1d([1, 1, 1], 2, 1, { bias: false }),
      sample1d([1, 4, 7], 6, 3, { groups: 2, padding: 1 }),
      sample1d([2, 2, 9], 3, 4, { padding: "same" }),
      sample1d([1, 2, 9], 3, 4, { padding: "same", dilation: 3 }),
      sample1d([1, 2, 9], 3, 2, { stride: 5 }),
      ...(["reflect", "replicate", "circular"] as const).map((paddingMode) =>
        sample1d([2, 2, 7], 3, 4, { padding: "same", paddingMode }),
      ),
    ],
    [
      refused(
        "channels",
        () => new Conv1d(2, 3, 3)(zeros([4, 5])),
        "ShapeError",
        "Conv1d(2, 3, kernelSize 3): input has 4 channels, expected 2 (input shape [4, 5] is C, L)",
      ),
      refused(
        "kernel larger than the input",
        () => new Conv1d(2, 3, 3)(zeros([2, 2])),
        "ShapeError",
        "Conv1d(2, 3, kernelSize 3): the kernel does not fit: size 3 with dilation 1 over 2 elements of spatial axis 0 " +
          "(input shape [1, 2, 2]); use a smaller kernel or more padding",
      ),
      refused(
        "no integer",
        () => new Conv1d(1.5, 3, 3),
        "ArgumentError",
        "Conv1d: inChannels must be an integer of 1 or more; got 1.5",
      ),
    ],
  ),
];
