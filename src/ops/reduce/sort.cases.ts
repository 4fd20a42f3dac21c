import { constant } from "../../graph/build.ts";
import {
  bools,
  type CaseInput,
  distinct,
  fixed,
  integers,
  type OpCases,
  type Sample,
  values,
} from "../op-cases.test-helper.ts";
import { argsort, sort } from "./sort.ts";

function sorted(name: string, input: CaseInput, dim: number, descending = false): Sample {
  return {
    name: `${name} along ${dim}${descending ? ", descending" : ""}`,
    inputs: [input],
    run: (x) => {
      const { values: v, indices } = sort(x, { dim, descending });
      return [v, indices];
    },
    torch: `torch.sort(a, stable=True, dim=${dim}, descending=${descending ? "True" : "False"})`,
  };
}

const both = (name: string, input: CaseInput, dim: number): Sample[] => [
  sorted(name, input, dim),
  sorted(name, input, dim, true),
];

const shapes = [[7], [3, 5], [2, 3, 5], [1, 1], [5, 1, 3], [0], [3, 0], [0, 3]] as const;
const odd = [NaN, 1, Infinity, -Infinity, 0, NaN, -1, 1, -0, Infinity, -Infinity];

export const cases: readonly OpCases[] = [
  {
    op: "sort",
    samples: [
      ...shapes.flatMap((shape) => shape.map((_, d) => sorted(`[${shape}]`, distinct(shape), d))),
      sorted("[]", distinct([]), 0),
      sorted("[2,3,5]", distinct([2, 3, 5]), -2, true),
      // Rows longer than a block are merged; lengths on both sides of where blocks and levels begin.
      ...[64, 65, 127, 129, 300].flatMap((n) => both(`[${n}]`, distinct([n]), 0)),
      ...both("[3,131]", distinct([3, 131]), 1),
      ...both("[131,2]", distinct([131, 2]), 0),
      ...both("NaN and infinities [2,11]", fixed(values([2, 11], odd)), 1),
      ...both("NaN and infinities [2,143]", fixed(values([2, 143], odd)), 1),
      ...both("ties [3,7]", fixed(integersAsFloats([3, 7], 3)), 1),
      ...both("ties [2,331]", fixed(integersAsFloats([2, 331], 9)), 1),
      ...both("int32 [5,7]", integers([5, 7], -9, 9), 1),
      ...both("int32 [201]", integers([201], -99, 99), 0),
      ...both("largest int32 [70]", values([70], [2 ** 31 - 128, -(2 ** 31), 0], "int32"), 0),
      ...both("uint8 [67]", integers([67], 0, 255, "uint8"), 0),
      ...both("bool [2,67]", bools([2, 67]), 1),
    ],
    bad: [
      {
        name: "an axis that is not there",
        call: () => sort(constant(0, [2, 3], "float32"), { dim: 2 }),
        error: "ShapeError",
        message: "sort: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1",
      },
    ],
  },
  {
    op: "argsort",
    samples: [
      {
        name: "the last axis by default",
        inputs: [fixed(distinct([3, 5]))],
        run: (x) => argsort(x),
        torch: "torch.argsort(a)",
      },
      {
        name: "descending",
        inputs: [integers([5, 3], -99, 99)],
        run: (x) => argsort(x, { dim: 0, descending: true }),
        torch: "torch.sort(a, stable=True, dim=0, descending=True)[1]",
      },
    ],
  },
];

function integersAsFloats(shape: readonly number[], limit: number): CaseInput {
  return { ...integers(shape, 0, limit), dtype: "float32", differentiable: true };
}
