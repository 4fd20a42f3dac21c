import { constant } from "../../graph/build.ts";
import { type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { deviation, variance } from "./variance.ts";

export const cases: OpCases = {
  op: "variance",
  samples: [
    { name: "all", inputs: [uniform([3, 5])], run: (x) => variance(x), torch: "torch.var(a)" },
    {
      name: "biased, kept",
      inputs: [uniform([2, 3, 5])],
      run: (x) => variance(x, { dim: [0, 2], unbiased: false, keepdim: true }),
      torch: "torch.var(a, [0, 2], unbiased=False, keepdim=True)",
    },
    {
      name: "first axis",
      inputs: [uniform([67, 3])],
      run: (x) => variance(x, { dim: 0 }),
      torch: "torch.var(a, 0)",
    },
    {
      name: "far from zero",
      inputs: [uniform([3, 37], 1000, 1001)],
      run: (x) => variance(x, { dim: 1 }),
      torch: "torch.var(a, 1)",
    },
    {
      name: "deviation",
      inputs: [uniform([3, 7])],
      run: (x) => deviation(x, { dim: 1 }),
      torch: "torch.std(a, 1)",
    },
    {
      name: "deviation of equal values has gradient 0",
      inputs: [values([2, 3], [2, 2, 2, 1, 2, 4])],
      run: (x) => deviation(x, { dim: 1 }),
      torch: "torch.std(a, 1)",
      kinks: true,
      firstOrderOnly: "0 is an edge",
    },
  ],
  bad: [
    {
      name: "int32",
      call: () => variance(constant(1, [2], "int32")),
      error: "DTypeError",
      message: 'var: needs a float tensor, got int32; convert with .to("float32")',
    },
  ],
};
