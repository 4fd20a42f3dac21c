import { away, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { moduleCases } from "./module-cases.test-helper.ts";
import { PReLU } from "./prelu.ts";

const plans = [
  [[], 1],
  [[7], 1],
  [[3, 5], 1],
  [[3, 5], 5],
  [[2, 3, 1, 5], 3],
  [[2, 17, 2, 3], 17],
] as const;

export const cases: OpCases = moduleCases(
  "PReLU",
  [
    ...plans.map(([shape, numParameters]) => ({
      name: `[${shape}] with ${numParameters}`,
      make: () => new PReLU({ numParameters, init: 0.5 }),
      torch: `nn.PReLU(${numParameters})`,
      inputs: [away(shape, -2, 2)],
    })),
    {
      name: "a bare number, weights below zero",
      make: () => new PReLU(3),
      torch: "nn.PReLU(3)",
      inputs: [away([2, 3, 5], -2, 2)],
      parameters: { weight: uniform([3], -2, -1) },
    },
  ],
  [
    {
      name: "number of parameters",
      call: () => new PReLU({ numParameters: 0 }),
      error: "ArgumentError",
      message: "PReLU: numParameters must be an integer of 1 or more; got 0",
    },
    {
      name: "init",
      call: () => new PReLU({ init: Number.NaN }),
      error: "ArgumentError",
      message: "PReLU: init must be a finite number; got NaN",
    },
    {
      name: "channels",
      call: () => new PReLU(5)(zeros([2, 3, 5])),
      error: "ShapeError",
      message: /^PReLU\(5\): input of shape \[2, 3, 5\] has 3 channels, and weight shape \[5\]/,
    },
    {
      name: "type",
      call: () => new PReLU()(zeros([2], { dtype: "float64" })),
      error: "DTypeError",
      message: 'PReLU(1): input is float64, weight float32; convert the input with .to("float32")',
    },
  ],
);
