import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BadInput, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { convolution } from "./convolution.ts";

interface Plan {
  /** (N, C, *spatial) */
  readonly input: readonly number[];
  /** (O, C / groups, *kernel) */
  readonly weight: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
  readonly bias?: boolean;
}

/** Two spatial axes, then one. */
const plans: readonly Plan[] = [
  { input: [2, 3, 7, 5], weight: [4, 3, 3, 3] },
  { input: [2, 3, 7, 5], weight: [4, 3, 3, 3], padding: [1, 1], bias: true },
  { input: [1, 1, 5, 5], weight: [1, 1, 1, 1] },
  { input: [3, 5, 1, 1], weight: [7, 5, 1, 1], bias: true },
  { input: [2, 3, 5, 7], weight: [5, 3, 1, 1], stride: [2, 2] },
  { input: [2, 3, 8, 7], weight: [4, 3, 3, 2], stride: [2, 3], padding: [1, 0], bias: true },
  { input: [1, 2, 9, 8], weight: [3, 2, 3, 3], dilation: [2, 3], padding: [2, 3] },
  { input: [2, 2, 11, 10], weight: [3, 2, 3, 2], stride: [3, 2], dilation: [2, 3], padding: [1, 2] },
  { input: [2, 6, 5, 7], weight: [4, 3, 3, 3], groups: 2, padding: [1, 1], bias: true },
  { input: [2, 4, 5, 7], weight: [4, 1, 3, 3], groups: 4, padding: [1, 1] },
  { input: [1, 3, 7, 6], weight: [6, 1, 3, 3], groups: 3, stride: [2, 2], padding: [1, 1], bias: true },
  { input: [2, 4, 9, 7], weight: [6, 2, 3, 3], groups: 2, stride: [2, 1], dilation: [1, 2], padding: [0, 2] },
  { input: [1, 2, 4, 5], weight: [3, 2, 4, 5] },
  { input: [1, 2, 6, 6], weight: [2, 2, 2, 2], stride: [4, 3] },
  { input: [1, 17, 6, 5], weight: [33, 17, 3, 3], padding: [1, 1], bias: true },
  { input: [2, 3, 11], weight: [5, 3, 3] },
  { input: [2, 3, 11], weight: [5, 3, 4], stride: [3], padding: [2], dilation: [2], bias: true },
  { input: [1, 4, 7], weight: [6, 2, 3], groups: 2, padding: [1] },
  { input: [3, 1, 1], weight: [2, 1, 1], bias: true },
  { input: [2, 3, 6, 7], weight: [4, 3, 3, 3], stride: [2, 2], padding: [1, 1] },
  { input: [1, 2, 5, 6], weight: [3, 2, 5, 2], stride: [3, 4], padding: [4, 3] },
  // Every window lies in the padding or beside the only element.
  { input: [1, 2, 1, 1], weight: [3, 2, 1, 1], stride: [4, 4], padding: [2, 2] },
];

function sample(plan: Plan): Sample {
  const spatial = plan.weight.length - 2;
  const fill = (v: readonly number[] | undefined, or: number): readonly number[] =>
    v ?? new Array<number>(spatial).fill(or);
  const [stride, padding, dilation] = [fill(plan.stride, 1), fill(plan.padding, 0), fill(plan.dilation, 1)];
  const groups = plan.groups ?? 1;
  const geometry = { stride, dilation, groups, padding: padding.map((p) => [p, p] as const) };
  const options = `stride=[${stride}], padding=[${padding}], dilation=[${dilation}], groups=${groups}`;
  const bias = plan.bias === true ? [uniform([plan.weight[0] as number])] : [];
  return {
    name: `[${plan.input}] [${plan.weight}] ${options}`,
    inputs: [uniform(plan.input), uniform(plan.weight), ...bias],
    run: (x, w, b?: Node) => convolution(x, w, b ?? null, geometry, "conv"),
    torch: `F.conv${spatial}d(a, b, ${plan.bias === true ? "c" : "None"}, ${options})`,
  };
}

const at = (shape: readonly number[]): ReturnType<typeof constant> => constant(0, shape, "float32");
const one = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ] as const,
  groups: 1,
};

function bad(name: string, x: number[], w: number[], groups: number, message: string): BadInput {
  const call = (): unknown => convolution(at(x), at(w), null, { ...one, groups }, "conv2d");
  return { name, call, error: "ShapeError", message };
}

export const cases: OpCases = {
  op: "convolution",
  samples: [
    ...plans.map(sample),
    {
      name: "unequal padding",
      inputs: [uniform([1, 2, 5, 4]), uniform([3, 2, 2, 2])],
      run: (x, w) =>
        convolution(
          x,
          w,
          null,
          {
            ...one,
            padding: [
              [1, 0],
              [0, 2],
            ],
          },
          "conv",
        ),
      torch: "F.conv2d(F.pad(a, (0, 2, 1, 0)), b)",
    },
  ],
  bad: [
    bad(
      "channels",
      [64, 1, 28, 28],
      [16, 3, 3, 3],
      1,
      "conv2d: input has 1 channel, expected 3 (input shape [64, 1, 28, 28] is N, C, H, W; weight shape [16, 3, 3, 3])",
    ),
    bad(
      "channels of groups",
      [1, 5, 8, 8],
      [4, 2, 3, 3],
      2,
      "conv2d: input has 5 channels, expected 4 (input shape [1, 5, 8, 8] is N, C, H, W; weight shape [4, 2, 3, 3], " +
        "2 groups)",
    ),
    bad(
      "dimensions",
      [3, 28, 28],
      [16, 3, 3, 3],
      1,
      "conv2d: input has 3 dimensions (shape [3, 28, 28]), expected 4: N, C, H, W",
    ),
    bad("groups", [1, 6, 8, 8], [4, 2, 3, 3], 3, "conv2d: 4 output channels cannot be divided into 3 groups"),
    bad(
      "kernel larger than the input",
      [1, 1, 2, 9],
      [1, 1, 3, 3],
      1,
      "conv2d: the kernel does not fit: size 3 with dilation 1 over 2 elements of spatial axis 0 (input shape " +
        "[1, 1, 2, 9]); use a smaller kernel or more padding",
    ),
  ],
};
