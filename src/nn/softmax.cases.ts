import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { moduleCases } from "./module-cases.test-helper.ts";
import { LogSoftmax, Softmax, type SoftmaxOptions } from "./softmax.ts";

const plans = [
  [[], 0],
  [[7], 0],
  [[3, 5], 1],
  [[3, 5], -2],
  [[2, 3, 1, 5], 2],
  [[2, 17, 3, 3], 1],
] as const;

/** Where no axis is named, it depends on the number of dimensions. */
const free = [[7], [3, 5], [2, 3, 5], [2, 3, 5, 2]] as const;

const pair = [
  { name: "Softmax", make: (options?: SoftmaxOptions) => new Softmax(options), owner: "softmax" },
  { name: "LogSoftmax", make: (options?: SoftmaxOptions) => new LogSoftmax(options), owner: "logSoftmax" },
] as const;

export const cases: readonly OpCases[] = pair.map(({ name, make, owner }) =>
  moduleCases(
    name,
    [
      ...plans.map(([shape, dim]) => ({
        name: `[${shape}] over ${dim}`,
        make: () => make({ dim }),
        torch: `nn.${name}(${dim})`,
        inputs: [uniform(shape, -4, 4)],
      })),
      ...free.map((shape) => ({
        name: `[${shape}] over its usual axis`,
        make: () => make(),
        torch: `nn.${name}()`,
        inputs: [uniform(shape, -4, 4)],
      })),
    ],
    [
      {
        name: "axis out of range",
        call: () => make({ dim: 2 })(zeros([2, 3])),
        error: "ShapeError",
        message: `${owner}: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1`,
      },
      {
        name: "half an axis",
        call: () => make({ dim: 0.5 }),
        error: "ArgumentError",
        message: `${name}: dim must be an integer; got 0.5`,
      },
      {
        name: "a bare number",
        call: () => make(1 as unknown as SoftmaxOptions),
        error: "ArgumentError",
        message: `${name}: options are given as an object, { dim }; got 1`,
      },
    ],
  ),
);
