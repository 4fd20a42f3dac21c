import { away, type OpCases, values } from "../ops/op-cases.test-helper.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { moduleCases } from "./module-cases.test-helper.ts";
import { ReLU6 } from "./relu6.ts";

const shapes = [[], [7], [3, 5], [2, 3, 1, 5]] as const;

export const cases: OpCases = moduleCases(
  "ReLU6",
  [
    ...shapes.map((shape) => ({
      name: `[${shape}]`,
      make: () => new ReLU6(),
      torch: "nn.ReLU6()",
      inputs: [away(shape, -4, 10)],
    })),
    {
      name: "at its corners",
      make: () => new ReLU6(),
      torch: "nn.ReLU6()",
      inputs: [values([4], [0, 6, 3, 7])],
      kinks: true,
      firstOrderOnly: "kinks have none",
    },
  ],
  [
    {
      name: "input that is no tensor",
      call: () => new ReLU6()([1, 2] as unknown as Tensor),
      error: "ArgumentError",
      message: "relu6: input must be a tensor, got Array; make one with tensor(...)",
    },
  ],
);
