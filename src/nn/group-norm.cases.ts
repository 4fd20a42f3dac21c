import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { GroupNorm } from "./group-norm.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

const plans = [
  [[2, 6, 5, 7], 3],
  [[2, 6, 5, 7], 1],
  [[2, 6, 5, 3], 6],
  [[3, 34, 2, 2], 2],
  [[3, 4], 2],
  [[2, 15, 3], 5],
  [[1, 1, 3, 2], 1],
] as const;

export const cases: OpCases = moduleCases(
  "GroupNorm",
  [
    ...plans.map(([shape, groups]) => ({
      name: `[${shape}] in ${groups}`,
      make: () => new GroupNorm(groups, shape[1]),
      torch: `nn.GroupNorm(${groups}, ${shape[1]})`,
      inputs: [uniform(shape)],
      floor: 16,
    })),
    {
      name: "without weight and bias, eps",
      make: () => new GroupNorm(2, 6, { affine: false, eps: 0.25 }),
      torch: "nn.GroupNorm(2, 6, eps=0.25, affine=False)",
      inputs: [uniform([2, 6, 5])],
      floor: 16,
    },
    {
      name: "evaluation",
      make: () => new GroupNorm(2, 6),
      torch: "nn.GroupNorm(2, 6)",
      inputs: [uniform([2, 6, 5])],
      mode: "eval",
      floor: 16,
    },
  ],
  [
    {
      name: "groups that do not divide",
      call: () => new GroupNorm(4, 6),
      error: "ArgumentError",
      message: "GroupNorm: numChannels 6 must be divisible by numGroups 4",
    },
    {
      name: "no groups",
      call: () => new GroupNorm(0, 6),
      error: "ArgumentError",
      message: "GroupNorm: numGroups must be an integer of 1 or more; got 0",
    },
    {
      name: "half a channel",
      call: () => new GroupNorm(1, 1.5),
      error: "ArgumentError",
      message: "GroupNorm: numChannels must be an integer of 1 or more; got 1.5",
    },
    {
      name: "other channels",
      call: () => new GroupNorm(2, 6, { affine: false })(zeros([2, 4, 3])),
      error: "ShapeError",
      message: "GroupNorm(2, 6): input has 4 channels, expected 6 (input shape [2, 4, 3] is N, C, ...)",
    },
    {
      name: "no channels",
      call: () => new GroupNorm(1, 1)(zeros([2])),
      error: "ShapeError",
      message: "GroupNorm(1, 1): input has no channels, expected 1 (input shape [2] is N, C, ...)",
    },
    {
      name: "one value per group",
      call: () => new GroupNorm(4, 4)(zeros([1, 4, 1])),
      error: "ShapeError",
      message:
        "GroupNorm(4, 4): needs more than one value per group, got input shape [1, 4, 1] and 4 groups; use fewer groups",
    },
  ],
);
