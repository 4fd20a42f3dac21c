import { constant } from "../../graph/build.ts";
import { bools, fixed, integers, type OpCases, pairwise, uniform, values } from "../op-cases.test-helper.ts";
import { pow } from "./pow.ts";

export const cases: OpCases = {
  op: "pow",
  samples: [
    ...pairwise(
      pow,
      "a ** b",
      (s) => uniform(s, 0.3, 3),
      (s) => uniform(s, -2, 3),
      // Terms of both signs cancel in the sum over what was broadcast.
      { floor: 128 },
    ),
    { name: "int32", inputs: [integers([5, 3], -4, 5), integers([3], 0, 4)], run: pow, torch: "a ** b" },
    {
      name: "int32 with float32",
      inputs: [integers([5, 3], 1, 9), uniform([3], -2, 3)],
      run: pow,
      torch: "a ** b",
    },
    {
      name: "bool with int32",
      inputs: [bools([5, 3]), integers([3], 0, 4)],
      run: pow,
      torch: "a ** b",
    },
    {
      name: "bool with float32",
      inputs: [bools([5, 3]), fixed(uniform([3], 0, 3))],
      run: pow,
      torch: "a ** b",
    },
    {
      name: "float32 with bool",
      inputs: [fixed(uniform([5, 3], 0.3, 3)), bools([3])],
      run: pow,
      torch: "a ** b",
    },
    {
      name: "negative base",
      inputs: [values([5], [-2, -1.5, 0.5, 2, -0.5]), fixed(values([5], [3, 2, -1, 0, 1]))],
      run: pow,
      torch: "a ** b",
    },
    {
      name: "zero base",
      inputs: [values([4], [0, 0, 0, 1]), fixed(values([4], [0, 1, 2, 3]))],
      run: pow,
      torch: "a ** b",
      kinks: true,
      firstOrderOnly: "0 is an edge",
    },
  ],
  bad: [
    {
      name: "bool",
      call: () => pow(constant(1, [2], "bool"), constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'pow: a bool tensor has no pow; convert it with .to("float32") or .to("int32")',
    },
    {
      name: "shapes that do not broadcast",
      call: () => pow(constant(1, [2, 3], "float32"), constant(1, [4], "float32")),
      error: "ShapeError",
      message:
        "pow: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 of dimension -1 differ and neither is 1; " +
        "reshape or expand one of them",
    },
  ],
};
