import { type OpCases, uniform } from "../ops/op-cases.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { Flatten } from "./flatten.ts";
import { moduleCases } from "./module-cases.test-helper.ts";
import { Unflatten } from "./unflatten.ts";

export const cases: readonly OpCases[] = [
  moduleCases(
    "Flatten",
    [
      {
        name: "all but the first axis",
        make: () => new Flatten(),
        torch: "nn.Flatten()",
        inputs: [uniform([2, 3, 5, 7])],
      },
      {
        name: "axes 2 and 3",
        make: () => new Flatten({ startDim: 2, endDim: -2 }),
        torch: "nn.Flatten(2, -2)",
        inputs: [uniform([2, 3, 5, 1, 7])],
      },
      {
        name: "everything",
        make: () => new Flatten({ startDim: 0 }),
        torch: "nn.Flatten(0)",
        inputs: [uniform([3, 5])],
      },
      {
        name: "one axis",
        make: () => new Flatten({ startDim: 0 }),
        torch: "nn.Flatten(0)",
        inputs: [uniform([5])],
      },
    ],
    [
      {
        name: "axis that there is not",
        call: () => new Flatten({ startDim: 3 })(zeros([2, 3])),
        error: "ShapeError",
        message: /^Flatten: .*3/,
      },
      {
        name: "order of axes",
        call: () => new Flatten({ startDim: 2, endDim: 1 })(zeros([2, 3, 4])),
        error: "ShapeError",
        message: "Flatten: startDim 2 comes after endDim 1",
      },
      {
        name: "no integer",
        call: () => new Flatten({ startDim: 0.5 }),
        error: "ArgumentError",
        message: "Flatten: startDim must be an integer; got 0.5",
      },
    ],
  ),
  moduleCases(
    "Unflatten",
    [
      {
        name: "channels and plane",
        make: () => new Unflatten(1, [3, 5, 2]),
        torch: "nn.Unflatten(1, (3, 5, 2))",
        inputs: [uniform([2, 30])],
      },
      {
        name: "an axis counted from the end, and a size that is left",
        make: () => new Unflatten(-2, [3, -1]),
        torch: "nn.Unflatten(-2, (3, -1))",
        inputs: [uniform([2, 15, 7])],
      },
    ],
    [
      {
        name: "product",
        call: () => new Unflatten(1, [3, 4])(zeros([2, 13])),
        error: "ShapeError",
        message: /^Unflatten: /,
      },
      {
        name: "two that are left",
        call: () => new Unflatten(1, [-1, -1]),
        error: "ArgumentError",
        message: "Unflatten: unflattenedSize must be a list of sizes, at most one of them -1; got [-1, -1]",
      },
      {
        name: "no list",
        call: () => new Unflatten(1, 3 as unknown as number[]),
        error: "ArgumentError",
        message: "Unflatten: unflattenedSize must be a list of sizes, at most one of them -1; got 3",
      },
      {
        name: "axis",
        call: () => new Unflatten("1" as unknown as number, [3, 1]),
        error: "ArgumentError",
        message: 'Unflatten: dim must be an integer; got "1"',
      },
    ],
  ),
];
