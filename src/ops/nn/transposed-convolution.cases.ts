import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BadInput, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { type TransposedGeometry, transposedConvolution } from "./transposed-convolution.ts";

interface Plan {
  /** (N, C, *spatial) */
  readonly input: readonly number[];
  /** (C, O / groups, *kernel) */
  readonly weight: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly outputPadding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
  readonly bias?: boolean;
}

/** Two spatial axes, then one. */
const plans: readonly Plan[] = [
  { input: [2, 3, 5, 4], weight: [3, 4, 3, 3] },
  { input: [2, 3, 5, 4], weight: [3, 4, 3, 3], padding: [1, 1], bias: true },
  { input: [1, 1, 3, 3], weight: [1, 1, 1, 1] },
  { input: [3, 5, 1, 1], weight: [5, 7, 1, 1], bias: true },
  { input: [1, 5, 1, 1], weight: [5, 3, 4, 4] },
  { input: [2, 3, 5, 4], weight: [3, 2, 2, 2], stride: [2, 2], bias: true },
  { input: [2, 3, 4, 5], weight: [3, 2, 4, 4], stride: [2, 2], padding: [1, 1] },
  { input: [1, 2, 4, 3], weight: [2, 3, 3, 3], stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] },
  { input: [1, 2, 4, 3], weight: [2, 3, 2, 3], stride: [4, 5] },
  { input: [1, 2, 4, 3], weight: [2, 3, 3, 2], dilation: [2, 3], padding: [2, 1] },
  {
    input: [1, 2, 3, 4],
    weight: [2, 2, 2, 3],
    stride: [2, 1],
    dilation: [3, 2],
    outputPadding: [2, 1],
    bias: true,
  },
  { input: [2, 4, 3, 4], weight: [4, 3, 3, 3], groups: 2, stride: [2, 2], padding: [1, 1], bias: true },
  { input: [1, 3, 4, 3], weight: [3, 2, 2, 2], groups: 3, outputPadding: [0, 0] },
  { input: [1, 2, 5, 7], weight: [2, 1, 2, 2], padding: [2, 3] },
  { input: [1, 17, 3, 4], weight: [17, 33, 2, 2], stride: [2, 2] },
  { input: [2, 3, 7], weight: [3, 5, 4], stride: [3], padding: [1], outputPadding: [1], bias: true },
];

function geometryOf(plan: Plan): TransposedGeometry {
  const fill = (v: readonly number[] | undefined, or: number): readonly number[] =>
    v ?? plan.weight.slice(2).map(() => or);
  return {
    stride: fill(plan.stride, 1),
    padding: fill(plan.padding, 0),
    outputPadding: fill(plan.outputPadding, 0),
    dilation: fill(plan.dilation, 1),
    groups: plan.groups ?? 1,
  };
}

function sample(plan: Plan): Sample {
  const g = geometryOf(plan);
  const options =
    `stride=[${g.stride}], padding=[${g.padding}], output_padding=[${g.outputPadding}], groups=${g.groups}, ` +
    `dilation=[${g.dilation}]`;
  const filters = (plan.weight[1] as number) * g.groups;
  return {
    name: `[${plan.input}] [${plan.weight}] ${options}`,
    inputs: [uniform(plan.input), uniform(plan.weight), ...(plan.bias === true ? [uniform([filters])] : [])],
    run: (x, w, b?: Node) => transposedConvolution(x, w, b ?? null, g, "conv"),
    torch: `F.conv_transpose${plan.weight.length - 2}d(a, b, ${plan.bias === true ? "c" : "None"}, ${options})`,
  };
}

function bad(name: string, plan: Plan, message: string): BadInput {
  const at = (shape: readonly number[]): Node => constant(0, shape, "float32");
  const call = (): unknown =>
    transposedConvolution(at(plan.input), at(plan.weight), null, geometryOf(plan), "convTranspose2d");
  return { name, call, error: "ShapeError", message };
}

export const cases: OpCases = {
  op: "transposedConvolution",
  samples: plans.map(sample),
  bad: [
    bad(
      "dimensions",
      { input: [3, 8, 8], weight: [3, 4, 3, 3] },
      "convTranspose2d: input has 3 dimensions (shape [3, 8, 8]), expected 4: N, C, H, W",
    ),
    bad(
      "channels",
      { input: [2, 1, 8, 8], weight: [3, 4, 3, 3] },
      "convTranspose2d: input has 1 channel, expected 3 (input shape [2, 1, 8, 8] is N, C, H, W; weight shape " +
        "[3, 4, 3, 3])",
    ),
    bad(
      "groups",
      { input: [2, 4, 8, 8], weight: [4, 4, 3, 3], groups: 3 },
      "convTranspose2d: 4 input channels cannot be divided into 3 groups",
    ),
    bad(
      "padding",
      { input: [1, 1, 2, 3], weight: [1, 1, 1, 1], padding: [1, 1] },
      "convTranspose2d: nothing is left of the output, whose size would be [0, 1] (input shape [1, 1, 2, 3]); use " +
        "less padding",
    ),
  ],
};
