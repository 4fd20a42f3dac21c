import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, pairwise, uniform } from "../op-cases.test-helper.ts";
import { mul } from "./mul.ts";

export const cases: OpCases = {
  op: "mul",
  samples: [
    ...pairwise(mul, "a * b", (s) => uniform(s)),
    { name: "int32", inputs: [integers([5, 3], -9, 9), integers([3], 1, 5)], run: mul, torch: "a * b" },
    { name: "int32 with float32", inputs: [integers([5, 3], 1, 9), uniform([3])], run: mul, torch: "a * b" },
    { name: "bool", inputs: [bools([5, 3]), bools([3])], run: mul, torch: "a * b" },
  ],
  bad: [
    {
      name: "shapes that do not broadcast",
      call: () => mul(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "mul: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
