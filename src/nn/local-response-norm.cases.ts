import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

const plans = [
  [[2, 7, 3, 5], 5],
  [[2, 7, 3, 5], 4],
  [[2, 17, 3], 2],
  [[1, 3, 2, 2], 9],
  [[2, 1, 3, 2], 1],
  [[1, 5, 2, 2, 3], 3],
] as const;

export const cases: OpCases = moduleCases(
  "LocalResponseNorm",
  [
    ...plans.map(([shape, size]) => ({
      name: `[${shape}] over ${size}`,
      make: () => new LocalResponseNorm(size, { alpha: 0.5, beta: 0.625, k: 2 }),
      torch: `nn.LocalResponseNorm(${size}, 0.5, 0.625, 2)`,
      inputs: [uniform(shape)],
      floor: 16,
    })),
    {
      name: "as it is",
      make: () => new LocalResponseNorm(5),
      torch: "nn.LocalResponseNorm(5)",
      inputs: [uniform([2, 7, 3, 3], -20, 20)],
      floor: 16,
    },
  ],
  [
    {
      name: "size",
      call: () => new LocalResponseNorm(0),
      error: "ArgumentError",
      message: "LocalResponseNorm: size must be an integer of 1 or more; got 0",
    },
    ...(["alpha", "beta", "k"] as const).map((option) => ({
      name: option,
      call: () => new LocalResponseNorm(5, { [option]: Number.NaN }),
      error: "ArgumentError" as const,
      message: `LocalResponseNorm: ${option} must be a finite number; got NaN`,
    })),
    {
      name: "dimensions",
      call: () => new LocalResponseNorm(5)(zeros([2, 3])),
      error: "ShapeError",
      message: "LocalResponseNorm(5): input has shape [2, 3], expected at least 3 dimensions N, C, ...",
    },
  ],
);
