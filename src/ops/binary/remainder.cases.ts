import { constant } from "../../graph/build.ts";
import { integers, type OpCases, pairwise, values } from "../op-cases.test-helper.ts";
import { remainder } from "./remainder.ts";

export const cases: OpCases = {
  op: "remainder",
  samples: [
    ...pairwise(
      remainder,
      "torch.remainder(a, b)",
      (s) => values(s, [0.3, 2.6, -1.7, 7.4, -5.3, 1.2, 4.4]),
      (s) => values(s, [2, 3]),
    ),
    {
      name: "int32",
      inputs: [integers([5, 3], -9, 9), integers([3], 1, 5)],
      run: remainder,
      torch: "torch.remainder(a, b)",
    },
    {
      name: "int32 with float32",
      inputs: [integers([5, 3], 1, 9), values([3], [2, 3])],
      run: remainder,
      torch: "torch.remainder(a, b)",
      kinks: true,
    },
  ],
  bad: [
    {
      name: "bool",
      call: () => remainder(constant(1, [2], "bool"), constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'remainder: a bool tensor has no remainder; convert it with .to("float32") or .to("int32")',
    },
    {
      name: "shapes that do not broadcast",
      call: () => remainder(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "remainder: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
