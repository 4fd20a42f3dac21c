import { constant } from "../../graph/build.ts";
import { integers, type OpCases, pairwise, uniform } from "../op-cases.test-helper.ts";
import { sub } from "./sub.ts";

export const cases: OpCases = {
  op: "sub",
  samples: [
    ...pairwise(sub, "a - b", (s) => uniform(s)),
    { name: "int32", inputs: [integers([5, 3], -9, 9), integers([3], 1, 5)], run: sub, torch: "a - b" },
    { name: "int32 with float32", inputs: [integers([5, 3], 1, 9), uniform([3])], run: sub, torch: "a - b" },
  ],
  bad: [
    {
      name: "bool",
      call: () => sub(constant(1, [2], "float32"), constant(1, [2], "bool")),
      error: "DTypeError",
      message:
        "sub: there is no difference with a bool tensor; logicalNot inverts a mask, logicalXor tells where two differ, " +
        '.to("float32") or .to("int32") makes numbers of it',
    },
    {
      name: "shapes that do not broadcast",
      call: () => sub(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "sub: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
