import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, pairwise } from "../op-cases.test-helper.ts";
import { bitwiseXor } from "./bitwise-xor.ts";

export const cases: OpCases = {
  op: "bitwiseXor",
  samples: [
    ...pairwise(bitwiseXor, "a ^ b", bools),
    {
      name: "int32",
      inputs: [integers([5, 3], -99, 99), integers([3], -99, 99)],
      run: bitwiseXor,
      torch: "a ^ b",
    },
  ],
  bad: [
    {
      name: "float",
      call: () => bitwiseXor(constant(1, [2], "float32"), constant(1, [2], "int32")),
      error: "DTypeError",
      message: 'bitwiseXor: needs integers or bool, got float32; convert with .to("int32")',
    },
  ],
};
