import { constant } from "../../graph/build.ts";
import { away, integers, type OpCases, pairwise, uniform } from "../op-cases.test-helper.ts";
import { div } from "./div.ts";

export const cases: OpCases = {
  op: "div",
  samples: [
    ...pairwise(
      div,
      "a / b",
      (s) => uniform(s),
      (s) => away(s, -3, 3, 6, 0.3),
    ),
    { name: "int32", inputs: [integers([5, 3], -9, 9), integers([3], 1, 5)], run: div, torch: "a / b" },
    {
      name: "int32 with float32",
      inputs: [integers([5, 3], 1, 9), away([3], -3, 3, 6, 0.3)],
      run: div,
      torch: "a / b",
    },
  ],
  bad: [
    {
      name: "shapes that do not broadcast",
      call: () => div(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "div: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
