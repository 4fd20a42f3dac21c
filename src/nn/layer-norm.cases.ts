import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { LayerNorm } from "./layer-norm.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

const plans = [
  [[7], [7]],
  [[3, 5], [5]],
  [
    [3, 5],
    [3, 5],
  ],
  [
    [2, 3, 5, 7],
    [5, 7],
  ],
  [
    [2, 3, 5, 7],
    [3, 5, 7],
  ],
  [[4, 1, 17], [17]],
  [[3, 1], [1]],
] as const;

export const cases: OpCases = moduleCases(
  "LayerNorm",
  [
    ...plans.map(([shape, own]) => ({
      name: `[${shape}] over [${own}]`,
      make: () => new LayerNorm(own),
      torch: `nn.LayerNorm([${own}])`,
      inputs: [uniform(shape)],
      floor: 16,
    })),
    {
      name: "a number, eps",
      make: () => new LayerNorm(5, { eps: 0.5 }),
      torch: "nn.LayerNorm(5, eps=0.5)",
      inputs: [uniform([2, 3, 5])],
      floor: 16,
    },
    {
      name: "without weight and bias",
      make: () => new LayerNorm([3, 5], { elementwiseAffine: false }),
      torch: "nn.LayerNorm([3, 5], elementwise_affine=False)",
      inputs: [uniform([2, 3, 5])],
      floor: 16,
    },
    {
      // This version of PyTorch has no such option.
      name: "without bias",
      make: () => new LayerNorm(5, { bias: false }),
      torch: "nn.LayerNorm(5)",
      inputs: [uniform([4, 5])],
      floor: 16,
    },
    {
      name: "evaluation",
      make: () => new LayerNorm(5),
      torch: "nn.LayerNorm(5)",
      inputs: [uniform([3, 5])],
      mode: "eval",
      floor: 16,
    },
  ],
  [
    {
      name: "no shape",
      call: () => new LayerNorm([]),
      error: "ArgumentError",
      message: "LayerNorm: normalizedShape must be an integer of 1 or more, or a list of such sizes; got []",
    },
    {
      name: "a size of 0",
      call: () => new LayerNorm([3, 0]),
      error: "ArgumentError",
      message:
        "LayerNorm: normalizedShape must be an integer of 1 or more, or a list of such sizes; got [3, 0]",
    },
    {
      name: "eps",
      call: () => new LayerNorm(3, { eps: -1 }),
      error: "ArgumentError",
      message: "LayerNorm: eps must be 0 or more; got -1",
    },
    {
      name: "input",
      call: () => new LayerNorm([3, 5])(zeros([2, 5, 3])),
      error: "ShapeError",
      message: "LayerNorm([3, 5]): input has shape [2, 5, 3], which must end in the normalized shape [3, 5]",
    },
    {
      name: "integers",
      call: () => new LayerNorm(3)(zeros([2, 3], { dtype: "int32" })),
      error: "DTypeError",
      message: 'LayerNorm([3]): needs a float tensor, got int32; convert with .to("float32")',
    },
  ],
);
