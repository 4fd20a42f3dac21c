import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { distinct, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { avgPool2d, maxPool2d, maxPoolIndices } from "./pooling.ts";
import type { Pair, WindowGeometry } from "./windows.ts";

interface Plan {
  readonly input: readonly [number, number, number, number];
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly ceilMode?: boolean;
}

/** Side by side, overlapping, with gaps, padded, with a last window that hangs over, dilated. */
const plans: readonly Plan[] = [
  { input: [2, 3, 8, 6], kernel: [2, 2] },
  { input: [1, 1, 1, 1], kernel: [1, 1] },
  { input: [2, 5, 7, 5], kernel: [2, 2] },
  { input: [2, 3, 7, 9], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { input: [1, 2, 7, 6], kernel: [3, 2], stride: [1, 1] },
  { input: [1, 2, 9, 8], kernel: [2, 3], stride: [4, 5] },
  { input: [1, 2, 7, 8], kernel: [2, 3], stride: [2, 2], ceilMode: true },
  { input: [1, 3, 6, 7], kernel: [3, 3], stride: [2, 2], padding: [1, 1], ceilMode: true },
  { input: [1, 2, 4, 4], kernel: [2, 2], stride: [3, 3], padding: [1, 1], ceilMode: true },
  { input: [2, 1, 5, 7], kernel: [5, 7] },
  { input: [1, 17, 6, 6], kernel: [3, 3], stride: [2, 1], padding: [0, 1] },
];

const dilated: readonly Plan[] = [
  { input: [1, 2, 9, 8], kernel: [3, 2], stride: [1, 2], dilation: [2, 3] },
  { input: [1, 2, 7, 7], kernel: [2, 3], stride: [2, 2], padding: [1, 1], dilation: [3, 2], ceilMode: true },
];

function geometryOf(plan: Plan): WindowGeometry {
  return {
    kernel: plan.kernel,
    stride: plan.stride ?? plan.kernel,
    padding: plan.padding ?? [0, 0],
    dilation: plan.dilation ?? [1, 1],
    ceilMode: plan.ceilMode ?? false,
  };
}

function optionsOf(g: WindowGeometry): string {
  return `[${g.kernel}], [${g.stride}], padding=[${g.padding}], ceil_mode=${g.ceilMode ? "True" : "False"}`;
}

function maxSample(plan: Plan): Sample {
  const g = geometryOf(plan);
  const options = `${optionsOf(g)}, dilation=[${g.dilation}]`;
  return {
    name: `[${plan.input}] ${options}`,
    inputs: [distinct(plan.input)],
    run: (x: Node) => {
      const { output, offsets } = maxPool2d(x, g);
      return [output, maxPoolIndices(offsets, x, g)];
    },
    torch: `(lambda r: (r[0], r[1].int()))(F.max_pool2d(a, ${options}, return_indices=True))`,
  };
}

function averageSamples(plan: Plan): Sample[] {
  const g = geometryOf(plan);
  return [true, false].map((includePad) => {
    const options = `${optionsOf(g)}, count_include_pad=${includePad ? "True" : "False"}`;
    return {
      name: `[${plan.input}] ${options}`,
      inputs: [uniform(plan.input)],
      run: (x: Node) => avgPool2d(x, g, includePad, null),
      torch: `F.avg_pool2d(a, ${options})`,
    };
  });
}

const at = (shape: readonly number[]): Node => constant(0, shape, "float32");

export const cases: readonly OpCases[] = [
  {
    op: "maxPool2d",
    samples: [
      ...[...plans, ...dilated].map(maxSample),
      {
        name: "the first of equal ones gets the gradient",
        inputs: [{ ...uniform([1, 1, 4, 4]), element: () => 1 }],
        run: (x) => maxPool2d(x, geometryOf({ input: [1, 1, 4, 4], kernel: [2, 2] })).output,
        torch: "F.max_pool2d(a, 2)",
        kinks: true,
        firstOrderOnly: "ties have none",
      },
    ],
    bad: [
      {
        name: "dimensions",
        call: () => maxPool2d(at([8, 8]), geometryOf({ input: [1, 1, 8, 8], kernel: [2, 2] })),
        error: "ShapeError",
        message: "maxPool2d: input has shape [8, 8], expected 4 dimensions N, C, H, W",
      },
      {
        name: "window larger than the input",
        call: () => maxPool2d(at([1, 1, 2, 8]), geometryOf({ input: [1, 1, 2, 8], kernel: [3, 3] })),
        error: "ShapeError",
        message:
          "maxPool2d: a window of 3 does not fit into 2 elements (input shape [1, 1, 2, 8]); use a smaller kernel or " +
          "more padding",
      },
      {
        name: "padding",
        call: () =>
          maxPool2d(at([1, 1, 8, 8]), geometryOf({ input: [1, 1, 8, 8], kernel: [2, 2], padding: [2, 0] })),
        error: "ShapeError",
        message: "maxPool2d: padding 2 is more than half of the kernel size 2",
      },
    ],
  },
  {
    op: "avgPool2d",
    samples: [
      ...plans.flatMap(averageSamples),
      {
        name: "own divisor",
        inputs: [uniform([1, 2, 5, 5])],
        run: (x) => avgPool2d(x, geometryOf({ input: [1, 2, 5, 5], kernel: [3, 2] }), true, 5),
        torch: "F.avg_pool2d(a, [3, 2], divisor_override=5)",
      },
    ],
    bad: [
      {
        name: "dimensions",
        call: () => avgPool2d(at([2, 8, 8]), geometryOf({ input: [1, 1, 8, 8], kernel: [2, 2] }), true, null),
        error: "ShapeError",
        message: "avgPool2d: input has shape [2, 8, 8], expected 4 dimensions N, C, H, W",
      },
    ],
  },
];
