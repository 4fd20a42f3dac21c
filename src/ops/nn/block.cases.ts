/**
 * Operations as networks string them together: what lies between them is fused, and stored channels last.
 */
import type { Node } from "../../graph/node.ts";
import { add } from "../binary/add.ts";
import { distinct, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { mean } from "../reduce/mean.ts";
import { logSoftmax } from "../reduce/softmax.ts";
import { relu } from "../unary/relu.ts";
import { batchNormTraining } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import { maxPool2d } from "./pooling.ts";
import type { Pair } from "./windows.ts";

const geometry = (stride: number, padding: number, groups = 1) => ({
  stride: [stride, stride],
  dilation: [1, 1],
  padding: [
    [padding, padding],
    [padding, padding],
  ] as const,
  groups,
});

const pair = (v: number): Pair => [v, v];
const pool = { kernel: pair(2), stride: pair(2), padding: pair(0), dilation: pair(1), ceilMode: false };

function normalized(x: Node, weight: Node, bias: Node): Node {
  return batchNormTraining(x, weight, bias, 1e-5).output;
}

const norm = (x: string, w: string, b: string): string => `F.batch_norm(${x}, None, None, ${w}, ${b}, True)`;

export const cases: OpCases = {
  op: "block",
  samples: [
    ...([3, 16, 17] as const).map((channels) => ({
      name: `convolution, batch norm, ReLU, pool with ${channels} channels`,
      inputs: [
        uniform([2, 3, 7, 6]),
        uniform([channels, 3, 3, 3]),
        uniform([channels], 0.5, 2),
        uniform([channels]),
      ],
      run: (x: Node, w: Node, scale: Node, shift: Node) =>
        maxPool2d(relu(normalized(convolution(x, w, null, geometry(1, 1), "conv"), scale, shift)), pool)
          .output,
      torch: `F.max_pool2d(F.relu(${norm("F.conv2d(a, b, padding=1)", "c", "d")}), 2)`,
      floor: 64,
    })),
    {
      name: "residual block with a strided shortcut, mean over the plane",
      inputs: [
        uniform([2, 4, 6, 5]),
        uniform([8, 4, 3, 3], -0.5, 0.5),
        uniform([8, 8, 3, 3], -0.5, 0.5),
        uniform([8, 4, 1, 1]),
        uniform([8], 0.5, 2),
        uniform([8]),
      ],
      run: (x: Node, first: Node, second: Node, shortcut: Node, scale: Node, shift: Node) => {
        const inner = relu(normalized(convolution(x, first, null, geometry(2, 1), "conv"), scale, shift));
        const outer = convolution(inner, second, null, geometry(1, 1), "conv");
        return mean(relu(add(outer, convolution(x, shortcut, null, geometry(2, 0), "conv"))), {
          dim: [2, 3],
        });
      },
      torch:
        `F.relu(F.conv2d(F.relu(${norm("F.conv2d(a, b, stride=2, padding=1)", "e", "f")}), c, padding=1) + ` +
        "F.conv2d(a, d, stride=2)).mean([2, 3])",
      floor: 64,
    },
    {
      name: "depthwise, then pointwise, then over classes",
      inputs: [uniform([2, 5, 6, 6]), uniform([5, 1, 3, 3]), uniform([7, 5, 1, 1], -0.5, 0.5)],
      run: (x: Node, depth: Node, point: Node) =>
        logSoftmax(
          convolution(
            convolution(x, depth, null, geometry(1, 1, 5), "conv"),
            point,
            null,
            geometry(1, 0),
            "conv",
          ),
          1,
        ),
      torch: "F.log_softmax(F.conv2d(F.conv2d(a, b, padding=1, groups=5), c), 1)",
      floor: 64,
    },
    {
      name: "pool of a pool of a convolution",
      inputs: [distinct([1, 2, 9, 9]), uniform([3, 2, 2, 2])],
      run: (x: Node, w: Node) =>
        maxPool2d(maxPool2d(convolution(x, w, null, geometry(1, 0), "conv"), pool).output, pool).output,
      torch: "F.max_pool2d(F.max_pool2d(F.conv2d(a, b), 2), 2)",
      floor: 16,
    },
  ],
};
