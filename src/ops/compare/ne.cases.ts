import { constant } from "../../graph/build.ts";
import { fixed, integers, type OpCases, pairwise, values } from "../op-cases.test-helper.ts";
import { ne } from "./ne.ts";

export const cases: OpCases = {
  op: "ne",
  samples: [
    ...pairwise(
      ne,
      "a != b",
      (s) => fixed(values(s, [1, 2, 3, NaN])),
      (s) => fixed(values(s, [3, 2, 1, NaN, Infinity])),
    ),
    { name: "int32", inputs: [integers([5, 3], -2, 3), integers([3], -2, 3)], run: ne, torch: "a != b" },
    {
      name: "int32 with float32",
      inputs: [integers([7], -2, 3), fixed(values([7], [1, -1, 0.5]))],
      run: ne,
      torch: "a != b",
    },
  ],
  bad: [
    {
      name: "shapes that do not broadcast",
      call: () => ne(constant(1, [2, 3], "float32"), constant(1, [3, 2], "float32")),
      error: "ShapeError",
      message: /^ne: shapes \[2, 3\] and \[3, 2\] do not broadcast/,
    },
  ],
};
