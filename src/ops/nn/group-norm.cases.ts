import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { groupNorm } from "./group-norm.ts";

const plans = [
  [[2, 6, 5, 7], 3],
  [[2, 6, 5, 7], 1],
  [[2, 6, 5, 3], 6],
  [[3, 34, 2, 2], 2],
  [[3, 4], 2],
  [[2, 4, 1, 1], 4],
  [[2, 15, 3], 5],
  [[1, 1, 3, 2], 1],
] as const;

const eps = 1e-5;
const zeros = (...shape: number[]): Node => constant(0, shape, "float32");

export const cases: OpCases = {
  op: "groupNorm",
  samples: [
    ...plans.map(([shape, groups]) => ({
      name: `[${shape}] in ${groups}`,
      inputs: [uniform(shape), uniform([shape[1]]), uniform([shape[1]])],
      run: (x: Node, w: Node, b: Node) => groupNorm(x, groups, w, b, eps),
      torch: `F.group_norm(a, ${groups}, b, c, ${eps})`,
      floor: 16,
    })),
    {
      name: "neither weight nor bias",
      inputs: [uniform([2, 6, 5])],
      run: (x) => groupNorm(x, 2, null, null, eps),
      torch: `F.group_norm(a, 2, None, None, ${eps})`,
      floor: 16,
    },
    {
      name: "bias alone",
      inputs: [uniform([2, 6, 5]), uniform([6])],
      run: (x, b) => groupNorm(x, 2, null, b, eps),
      torch: `F.group_norm(a, 2, torch.ones_like(b), b, ${eps})`,
      floor: 16,
    },
  ],
  bad: [
    {
      name: "channels not divisible",
      call: () => groupNorm(zeros(2, 5, 3), 2, null, null, eps),
      error: "ShapeError",
      message:
        "groupNorm: input of shape [2, 5, 3] must be N, C, ... with channels C divisible into 2 groups",
    },
    {
      name: "no channels",
      call: () => groupNorm(zeros(5), 1, null, null, eps),
      error: "ShapeError",
      message: "groupNorm: input of shape [5] must be N, C, ... with channels C divisible into 1 group",
    },
    {
      name: "one value per group",
      call: () => groupNorm(zeros(1, 4), 4, null, null, eps),
      error: "ShapeError",
      message:
        "groupNorm: needs more than one value per group, got input shape [1, 4] and 4 groups; use fewer groups",
    },
  ],
};
