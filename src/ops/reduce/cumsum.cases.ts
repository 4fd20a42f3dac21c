import { constant } from "../../graph/build.ts";
import {
  bools,
  fixed,
  integers,
  type OpCases,
  type Sample,
  uniform,
  values,
} from "../op-cases.test-helper.ts";
import { cumsum } from "./cumsum.ts";

const along = (shape: readonly number[], dim: number): Sample => ({
  name: `[${shape}] along ${dim}`,
  inputs: [uniform(shape)],
  run: (x) => cumsum(x, dim),
  torch: `torch.cumsum(a, ${dim})`,
});

const blocks = [31, 32, 33, 64, 65, 1057];

export const cases: OpCases = {
  op: "cumsum",
  samples: [
    along([], 0),
    along([1], 0),
    along([7], 0),
    along([3, 5], 0),
    along([3, 5], -1),
    along([2, 3, 5], 1),
    along([2, 1, 5], -2),
    along([0], 0),
    along([3, 0], 1),
    along([0, 3], 1),
    ...blocks.map((n) => along([n], 0)),
    along([2, 67, 3], 1),
    {
      name: "an infinity and NaN reach what comes after them",
      inputs: [
        fixed(values([3, 5], [1, Infinity, 2, -3, 4, 1, NaN, 2, -3, 4, 1, Infinity, -Infinity, 1, 0])),
      ],
      run: (x) => cumsum(x, 1),
      torch: "torch.cumsum(a, 1)",
    },
    {
      name: "an infinity in a later block",
      inputs: [
        fixed(values([70], [...new Array<number>(50).fill(1), Infinity, ...new Array<number>(19).fill(1)])),
      ],
      run: (x) => cumsum(x, 0),
      torch: "torch.cumsum(a, 0)",
    },
    {
      name: "int32",
      inputs: [integers([5, 37], -99, 99)],
      run: (x) => cumsum(x, 1),
      torch: "torch.cumsum(a, 1)",
    },
    {
      name: "uint8",
      inputs: [integers([7], 200, 255, "uint8")],
      run: (x) => cumsum(x, 0),
      torch: "torch.cumsum(a, 0)",
    },
    { name: "bool", inputs: [bools([3, 5])], run: (x) => cumsum(x, 0), torch: "torch.cumsum(a, 0)" },
  ],
  bad: [
    {
      name: "an axis that is not there",
      call: () => cumsum(constant(0, [2, 3], "float32"), 2),
      error: "ShapeError",
      message: "cumsum: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1",
    },
  ],
};
