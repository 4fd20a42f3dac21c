import { constant } from "../../graph/build.ts";
import { integers, type OpCases, type Sample, uniform, values } from "../op-cases.test-helper.ts";
import { cumprod } from "./cumprod.ts";

const along = (shape: readonly number[], dim: number): Sample => ({
  name: `[${shape}] along ${dim}`,
  inputs: [uniform(shape, 0.8, 1.25)],
  run: (x) => cumprod(x, dim),
  torch: `torch.cumprod(a, ${dim})`,
});

export const cases: OpCases = {
  op: "cumprod",
  samples: [
    along([], 0),
    along([7], 0),
    along([3, 5], 0),
    along([2, 3, 5], -2),
    along([3, 0], 1),
    along([33], 0),
    along([2, 67], 1),
    {
      name: "zeros",
      inputs: [values([3, 5], [2, 0, 3, 0, 4, 1, 2, 3, 4, 0, 0, 5, -2, 3, 1])],
      run: (x) => cumprod(x, 1),
      torch: "torch.cumprod(a, 1)",
    },
    {
      name: "a zero in an earlier block",
      inputs: [values([40], [1, 2, 0.5, -1, 0, ...new Array<number>(35).fill(1.125)])],
      run: (x) => cumprod(x, 0),
      torch: "torch.cumprod(a, 0)",
    },
    {
      name: "int32",
      inputs: [integers([3, 5], -4, 5)],
      run: (x) => cumprod(x, 1),
      torch: "torch.cumprod(a, 1)",
    },
  ],
  bad: [
    {
      name: "an axis that is not there",
      call: () => cumprod(constant(0, [2, 3], "float32"), 2),
      error: "ShapeError",
      message: "cumprod: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1",
    },
  ],
};
