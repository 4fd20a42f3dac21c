import { constant, hostSource } from "../../graph/build.ts";
import { integers, type OpCases } from "../op-cases.test-helper.ts";
import { oneHot } from "./one-hot.ts";

const known = (list: readonly number[]): ReturnType<typeof hostSource> =>
  hostSource(Int32Array.from(list), [list.length], "int32");

export const cases: OpCases = {
  op: "oneHot",
  samples: ([[], [7], [3, 5], [2, 1, 3]] as const).map((shape) => ({
    name: `[${shape}]`,
    inputs: [integers(shape, 0, 6)],
    run: (a) => oneHot(a, 6),
    torch: "F.one_hot(a.long(), 6).int()",
  })),
  bad: [
    {
      name: "index out of range",
      call: () => oneHot(known([1, 6]), 6),
      error: "ArgumentError",
      message: "oneHot: index 6 at position 1 is out of range; use 0 to 5",
    },
    {
      name: "float index",
      call: () => oneHot(constant(0, [2], "float32"), 6),
      error: "DTypeError",
      message: 'oneHot: the index must be int32, got float32; convert with .to("int32")',
    },
    {
      name: "no classes",
      call: () => oneHot(known([0]), 0),
      error: "ArgumentError",
      message: "oneHot: classes must be an integer of 1 or more, got 0",
    },
  ],
};
