import { constant } from "../../graph/build.ts";
import { away, bools, fixed, integers, type OpCases, pairwise, values } from "../op-cases.test-helper.ts";
import { maximum } from "./maximum.ts";

export const cases: OpCases = {
  op: "maximum",
  samples: [
    ...pairwise(
      maximum,
      "torch.maximum(a, b)",
      (s) => away(s, -3, 3, 1, 0.3),
      (s) => values(s, [-2, -1, 0, 1, 2]),
    ),
    {
      name: "int32",
      inputs: [integers([5, 3], -9, 9), integers([3], 1, 5)],
      run: maximum,
      torch: "torch.maximum(a, b)",
    },
    {
      name: "int32 with float32",
      inputs: [integers([5, 3], 1, 9), values([3], [-2, -1, 0, 1, 2])],
      run: maximum,
      torch: "torch.maximum(a, b)",
    },
    {
      name: "ties share the gradient",
      inputs: [values([5], [1, 2, 3]), values([5], [1, 3, 2])],
      run: maximum,
      torch: "torch.maximum(a, b)",
      firstOrderOnly: "ties have none",
      kinks: true,
    },
    {
      name: "NaN wins",
      inputs: [fixed(values([4], [NaN, 1, 2, NaN])), fixed(values([4], [1, NaN, 3, NaN]))],
      run: maximum,
      torch: "torch.maximum(a, b)",
    },
    { name: "bool", inputs: [bools([5, 3]), bools([3])], run: maximum, torch: "torch.maximum(a, b)" },
  ],
  bad: [
    {
      name: "shapes that do not broadcast",
      call: () => maximum(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "maximum: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
