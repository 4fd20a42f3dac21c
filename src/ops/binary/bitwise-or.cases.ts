import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, pairwise } from "../op-cases.test-helper.ts";
import { bitwiseOr } from "./bitwise-or.ts";

export const cases: OpCases = {
  op: "bitwiseOr",
  samples: [
    ...pairwise(bitwiseOr, "a | b", bools),
    {
      name: "int32",
      inputs: [integers([5, 3], -99, 99), integers([3], -99, 99)],
      run: bitwiseOr,
      torch: "a | b",
    },
  ],
  bad: [
    {
      name: "float",
      call: () => bitwiseOr(constant(1, [2], "float32"), constant(1, [2], "int32")),
      error: "DTypeError",
      message: 'bitwiseOr: needs integers or bool, got float32; convert with .to("int32")',
    },
  ],
};
