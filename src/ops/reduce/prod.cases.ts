import { integers, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { prod } from "./prod.ts";

export const cases: OpCases = {
  op: "prod",
  samples: [
    { name: "all", inputs: [uniform([3, 5])], run: (x) => prod(x), torch: "torch.prod(a)" },
    { name: "scalar", inputs: [uniform([])], run: (x) => prod(x), torch: "torch.prod(a)" },
    {
      name: "last axis, kept",
      inputs: [uniform([2, 3, 5])],
      run: (x) => prod(x, { dim: 2, keepdim: true }),
      torch: "torch.prod(a, 2, keepdim=True)",
    },
    {
      name: "first axis",
      inputs: [uniform([7, 3])],
      run: (x) => prod(x, { dim: 0 }),
      torch: "torch.prod(a, 0)",
    },
    {
      name: "no, one and two zeros",
      inputs: [values([3, 4], [2, 3, -1, 5, 2, 0, 3, 4, 0, 3, 0, 2])],
      run: (x) => prod(x, { dim: 1 }),
      torch: "torch.prod(a, 1)",
    },
    {
      name: "int32",
      inputs: [integers([3, 4], -4, 5)],
      run: (x) => prod(x, { dim: 1 }),
      torch: "torch.prod(a, 1).int()",
    },
  ],
};
