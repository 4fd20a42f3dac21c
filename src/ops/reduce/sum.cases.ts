import { constant } from "../../graph/build.ts";
import { bools, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { reductions } from "./reductions.test-helper.ts";
import { sum } from "./sum.ts";

export const cases: OpCases = {
  op: "sum",
  samples: [
    ...reductions(sum, (axes) => `torch.sum(a${axes})`, uniform),
    {
      name: "int32",
      inputs: [integers([5, 7], -99, 99)],
      run: (x) => sum(x, { dim: 0 }),
      torch: "torch.sum(a, 0).int()",
    },
    { name: "bool is counted", inputs: [bools([37])], run: (x) => sum(x), torch: "torch.sum(a).int()" },
    {
      name: "long",
      inputs: [uniform([3, 1031])],
      run: (x) => sum(x, { dim: 1 }),
      torch: "torch.sum(a, 1)",
      floor: 64,
    },
    {
      name: "long, first axis",
      inputs: [uniform([1031, 3])],
      run: (x) => sum(x, { dim: 0 }),
      torch: "torch.sum(a, 0)",
      floor: 64,
    },
  ],
  bad: [
    {
      name: "dimension out of range",
      call: () => sum(constant(1, [2, 3], "float32"), { dim: 2 }),
      error: "ShapeError",
      message: "sum: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1",
    },
    {
      name: "dimension twice",
      call: () => sum(constant(1, [2, 3], "float32"), { dim: [1, -1] }),
      error: "ShapeError",
      message: "sum: dimension list [1, -1] names one twice",
    },
  ],
};
