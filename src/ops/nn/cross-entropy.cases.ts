import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { checkClassTarget, classMask, pickLoss } from "./cross-entropy.ts";

const losses = (x: Node, target: Node, weight: Node | null, ignore = -100): Node =>
  pickLoss(x, target, weight, ignore).losses;

export const cases: readonly OpCases[] = [
  {
    op: "pickLoss",
    samples: [
      {
        name: "(N, C)",
        inputs: [uniform([5, 7]), values([5], [0, 6, 3, 1, 3], "int32")],
        run: (x, target) => losses(x, target, null),
        torch: "F.nll_loss(a, b.long(), reduction='none')",
      },
      {
        name: "(N, C, H, W), weights, ignored",
        inputs: [
          uniform([2, 3, 1, 5]),
          values([2, 1, 5], [0, 2, 1, -100, 2, 1, 1], "int32"),
          fixed(uniform([3], 0.5, 2)),
        ],
        run: (x, target, weight) => {
          const picked = pickLoss(x, target, weight, -100);
          return [picked.losses, picked.weights];
        },
        torch:
          "(F.nll_loss(a, b.long(), c, reduction='none'), torch.where(b >= 0, c[b.long().clamp(min=0)], " +
          "torch.zeros((), dtype=c.dtype)))",
      },
      {
        name: "one class is ignored",
        inputs: [uniform([3, 2]), values([3], [0, 1, 0], "int32")],
        run: (x, target) => losses(x, target, null, 1),
        torch: "F.nll_loss(a, b.long(), ignore_index=1, reduction='none')",
      },
    ],
  },
  {
    op: "classMask",
    samples: [
      {
        name: "(N, C, d)",
        inputs: [values([2, 3], [0, 2, 1, 1, -1, 9], "int32"), fixed(uniform([2, 3, 3]))],
        run: (target, input) => classMask(target, input),
        torch: "b.ne(b) | (a.unsqueeze(1) == torch.arange(3).reshape(1, 3, 1))",
      },
    ],
  },
  {
    op: "checkClassTarget",
    samples: [],
    bad: [
      {
        name: "shape",
        call: () =>
          checkClassTarget(constant(0, [4, 3], "float32"), constant(0, [3], "int32"), "crossEntropy"),
        error: "ShapeError",
        message:
          "crossEntropy: input [4, 3] and target [3] do not fit: the input is (N, C) or (N, C, d1, ...), the target " +
          "of class indices (N) or (N, d1, ...)",
      },
    ],
  },
];
