import type { Shape } from "../base/shape.ts";
import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import type { NumberOrPair } from "./arguments.ts";
import { ConvTranspose1d, ConvTranspose2d, type ConvTransposeOptions } from "./conv-transpose.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";

const names: Readonly<Record<string, string>> = { outputPadding: "output_padding" };

/** Options as Python writes them. */
function python(options: object): string {
  const show = (v: unknown): string =>
    Array.isArray(v) ? `(${v.join(", ")})` : v === false ? "False" : `${v as number}`;
  return Object.entries(options)
    .map(([key, v]) => `, ${names[key] ?? key}=${show(v)}`)
    .join("");
}

function sample(
  input: Shape,
  outChannels: number,
  kernel: NumberOrPair,
  options: ConvTransposeOptions<NumberOrPair> = {},
): ModuleSample {
  const channels = input.at(-3) as number;
  const size = Array.isArray(kernel) ? `(${kernel.join(", ")})` : `${kernel}`;
  const made = `${channels}, ${outChannels}, ${size}${python(options)}`;
  return {
    name: `[${input}] ${made}`,
    make: () => new ConvTranspose2d(channels, outChannels, kernel, options),
    torch: `nn.ConvTranspose2d(${made})`,
    inputs: [uniform(input)],
  };
}

const layer = (): ConvTranspose2d => new ConvTranspose2d(3, 2, 3, { stride: 2, padding: 1 });

export const cases: readonly OpCases[] = [
  moduleCases(
    "ConvTranspose2d",
    [
      sample([2, 3, 5, 4], 4, 3),
      sample([3, 4, 5], 2, [2, 3], { stride: [2, 3], bias: false }),
      sample([1, 1, 1, 1], 1, 4),
      sample([2, 3, 4, 5], 2, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      sample([1, 2, 3, 4], 3, 2, { stride: [3, 4], padding: [0, 1], outputPadding: [2, 3] }),
      sample([1, 4, 4, 3], 6, 3, { groups: 2, stride: 2, dilation: [1, 2] }),
      sample([1, 3, 4, 3], 3, 2, { groups: 3, dilation: 3, padding: 2, outputPadding: [2, 1] }),
      {
        ...sample([1, 3, 4, 5], 2, 3, { stride: 2, padding: 1 }),
        name: "size of the output given",
        call: {
          run: (m, [x]) => (m as ConvTranspose2d)(x as never, { outputSize: [8, 9] }),
          torch: "(a, [8, 9])",
        },
      },
    ],
    [
      {
        name: "channels",
        call: () => layer()(zeros([2, 4, 5])),
        error: "ShapeError",
        message:
          "ConvTranspose2d(3, 2, kernelSize 3): input has 2 channels, expected 3 (input shape [2, 4, 5] is C, H, W)",
      },
      {
        name: "size of the output",
        call: () => layer()(zeros([1, 3, 4, 5]), { outputSize: [8, 12] }),
        error: "ArgumentError",
        message:
          "ConvTranspose2d(3, 2, kernelSize 3): outputSize [8, 12] is not possible for input shape [1, 3, 4, 5]: use sizes " +
          "from [7, 9] to [8, 10]",
      },
      {
        name: "one size of the output",
        call: () => layer()(zeros([1, 3, 4, 5]), { outputSize: 8 as unknown as number[] }),
        error: "ArgumentError",
        message: /outputSize \[8\] is not possible/,
      },
      {
        name: "padding of the output",
        call: () => new ConvTranspose2d(3, 2, 3, { stride: 2, outputPadding: [1, 2] }),
        error: "ArgumentError",
        message:
          "ConvTranspose2d(3, 2, kernelSize 3): outputPadding [1, 2] must be smaller than stride 2 or dilation 1; pad " +
          "the output with F.pad instead",
      },
      {
        name: "groups",
        call: () => new ConvTranspose2d(3, 2, 3, { groups: 3 }),
        error: "ArgumentError",
        message:
          "ConvTranspose2d(3, 2, kernelSize 3): both numbers of channels must be divisible by groups 3",
      },
      {
        name: "padding by name",
        call: () => new ConvTranspose2d(3, 2, 3, { padding: "same" as unknown as number }),
        error: "ArgumentError",
        message: /padding must be an integer of 0 or more, or a list of 2 of them; got "same"/,
      },
      {
        name: "nothing left",
        call: () => new ConvTranspose2d(1, 1, 1, { padding: 1 })(zeros([1, 1, 2, 5])),
        error: "ShapeError",
        message:
          "ConvTranspose2d(1, 1, kernelSize 1): nothing is left of the output, whose size would be [0, 3] (input shape " +
          "[1, 1, 2, 5]); use less padding",
      },
    ],
  ),
  moduleCases("ConvTranspose1d", [
    {
      name: "stride, padding, padding of the output",
      make: () => new ConvTranspose1d(3, 5, 4, { stride: 3, padding: 1, outputPadding: 2 }),
      torch: "nn.ConvTranspose1d(3, 5, 4, stride=3, padding=1, output_padding=2)",
      inputs: [uniform([2, 3, 7])],
    },
    {
      name: "one line, groups, dilation",
      make: () => new ConvTranspose1d(4, 2, 3, { groups: 2, dilation: 2, bias: false }),
      torch: "nn.ConvTranspose1d(4, 2, 3, groups=2, dilation=2, bias=False)",
      inputs: [uniform([4, 5])],
    },
  ]),
];
