import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, pairwise, uniform } from "../op-cases.test-helper.ts";
import { where } from "./where.ts";

export const cases: OpCases = {
  op: "where",
  samples: [
    ...pairwise(
      (a, b) => where(constant(1, [], "bool"), a, b),
      "torch.where(torch.tensor(True), a, b)",
      uniform,
    ),
    {
      name: "all three broadcast",
      inputs: [bools([3, 1, 5]), uniform([2, 1]), uniform([5])],
      run: where,
      torch: "torch.where(a, b, c)",
    },
    {
      name: "int32",
      inputs: [bools([3, 7]), integers([7], -5, 6), integers([3, 1], -5, 6)],
      run: where,
      torch: "torch.where(a, b, c)",
    },
  ],
  bad: [
    {
      name: "condition that is not bool",
      call: () =>
        where(constant(1, [2], "float32"), constant(1, [2], "float32"), constant(1, [2], "float32")),
      error: "DTypeError",
      message: "where: the condition must be bool, got float32; compare first, as in x.gt(0)",
    },
    {
      name: "condition of another shape",
      call: () => where(constant(1, [3], "bool"), constant(1, [2], "float32"), constant(1, [2], "float32")),
      error: "ShapeError",
      message: /^where: shapes \[3\] and \[2\] do not broadcast/,
    },
  ],
};
