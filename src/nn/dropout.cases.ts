import { type BadInput, type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Dropout, Dropout2d } from "./dropout.ts";
import { moduleCases } from "./module-cases.test-helper.ts";

const pair = [
  { name: "Dropout", make: (p: number) => new Dropout(p), shape: [3, 5] },
  { name: "Dropout2d", make: (p: number) => new Dropout2d({ p }), shape: [2, 3, 5, 1] },
] as const;

const dimensions: BadInput = {
  name: "dimensions",
  call: () => new Dropout2d()(zeros([2, 3])),
  error: "ShapeError",
  message:
    "Dropout2d(0.5): input has 2 dimensions (shape [2, 3]), expected N, C, H, W or N, C, L; for others use dropout",
};

export const cases: readonly OpCases[] = pair.map(({ name, make, shape }) =>
  moduleCases(
    name,
    [
      {
        name: "evaluation",
        make: () => make(0.5),
        torch: `nn.${name}()`,
        inputs: [uniform(shape)],
        mode: "eval",
      },
      { name: "p 0", make: () => make(0), torch: `nn.${name}(0)`, inputs: [uniform(shape)] },
      { name: "p 1", make: () => make(1), torch: `nn.${name}(1)`, inputs: [uniform(shape)] },
    ],
    [
      {
        name: "p",
        call: () => make(1.5),
        error: "ArgumentError",
        message: `${name}: p must be from 0 to 1; got 1.5`,
      },
      {
        name: "integers",
        call: () => make(0.5)(zeros(shape, { dtype: "int32" })),
        error: "DTypeError",
        message: `${name}(0.5): needs a float tensor, got int32; convert with .to("float32")`,
      },
      ...(name === "Dropout2d" ? [dimensions] : []),
    ],
  ),
);
