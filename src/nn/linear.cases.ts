import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Linear } from "./linear.ts";
import { type ModuleSample, moduleCases } from "./module-cases.test-helper.ts";

const sample = (input: readonly number[], outFeatures: number, bias = true): ModuleSample => ({
  name: `[${input}] to ${outFeatures}${bias ? "" : " without bias"}`,
  make: () => new Linear(input.at(-1) as number, outFeatures, { bias }),
  torch: `nn.Linear(${input.at(-1)}, ${outFeatures}, bias=${bias ? "True" : "False"})`,
  inputs: [uniform(input)],
});

export const cases: OpCases = moduleCases(
  "Linear",
  [
    sample([5, 7], 3),
    sample([7], 3),
    sample([1, 1], 1),
    sample([2, 3, 5], 17),
    sample([13, 37], 11, false),
    sample([2, 1, 3, 5], 2, false),
  ],
  [
    {
      name: "features",
      call: () => new Linear(4, 3)(zeros([2, 5])),
      error: "ShapeError",
      message:
        "Linear(4, 3): input has 5 features in its last dimension, expected 4 (input shape [2, 5]); make it Linear(5, 3)",
    },
    {
      name: "type",
      call: () => new Linear(4, 3)(zeros([2, 4], { dtype: "int32" })),
      error: "DTypeError",
      message: 'Linear(4, 3): input is int32, weight float32; convert the input with .to("float32")',
    },
    {
      name: "size",
      call: () => new Linear(4, -3),
      error: "ArgumentError",
      message: "Linear: outFeatures must be an integer of 1 or more; got -3",
    },
    {
      name: "bias as a bare value",
      call: () => new Linear(4, 3, false as unknown as object),
      error: "ArgumentError",
      message: "Linear: options are given as an object, { bias }; got false",
    },
  ],
);
