import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import {
  type CaseInput,
  distinct,
  fixed,
  integers,
  type OpCases,
  type Sample,
  values,
} from "../op-cases.test-helper.ts";
import { type TopkOptions, topk } from "./topk.ts";

function best(name: string, input: CaseInput, k: number, options: TopkOptions = {}): Sample {
  const dim = options.dim ?? -1;
  const largest = options.largest !== false;
  // A stable sort says which of equal elements come first; PyTorch's topk leaves that open.
  const sorted = `torch.sort(a, stable=True, dim=${dim}, descending=${largest ? "True" : "False"})`;
  return {
    name: `${name}, ${k} ${largest ? "largest" : "smallest"} along ${dim}`,
    inputs: [input],
    run: (x: Node) => {
      const { values: v, indices } = topk(x, k, options);
      return [v, indices];
    },
    torch: `tuple(t.narrow(${dim}, 0, ${k}) for t in ${sorted})`,
  };
}

const odd = [1, -Infinity, NaN, 2, Infinity, -Infinity, NaN, -1];
const infinite = [-Infinity, Infinity, NaN];

export const cases: OpCases = {
  op: "topk",
  samples: [
    { ...best("a scalar", distinct([]), 1), torch: "torch.topk(a, 1)" },
    best("[7]", distinct([7]), 3),
    best("[7]", distinct([7]), 7),
    best("[7]", distinct([7]), 0),
    best("[3,5]", distinct([3, 5]), 2, { dim: 0 }),
    best("[3,5]", distinct([3, 5]), 2, { largest: false }),
    best("[2,37,3]", distinct([2, 37, 3]), 4, { dim: 1 }),
    best("[2,37,3]", distinct([2, 37, 3]), 4, { dim: -2, largest: false, sorted: false }),
    best("[131]", distinct([131]), 16),
    best("[131]", distinct([131]), 17),
    best("[0,5]", distinct([0, 5]), 2),
    ...[true, false].flatMap((largest) => [
      best("NaN and infinities [3,40]", fixed(values([3, 40], odd)), 5, { largest }),
      best("NaN and infinities [8]", fixed(values([8], odd)), 8, { largest }),
      best("only infinities and NaN [48]", fixed(values([48], infinite)), 6, { largest }),
      best("all equal [40]", fixed(values([40], [largest ? -Infinity : Infinity])), 5, { largest }),
      best("all NaN [40]", fixed(values([40], [NaN])), 5, { largest }),
      best("int32 [3,50]", integers([3, 50], -9, 9), 6, { largest }),
      best("least and greatest int32 [40]", values([40], [-(2 ** 31), 2 ** 31 - 128], "int32"), 5, {
        largest,
      }),
      best("uint8 [9]", integers([9], 0, 255, "uint8"), 3, { largest }),
    ]),
  ],
  bad: [
    {
      name: "more than there are",
      call: () => topk(constant(0, [2, 3], "float32"), 4),
      error: "ArgumentError",
      message: "topk: k must be an integer from 0 to 3, the size of dimension 1 of shape [2, 3]; got 4",
    },
    {
      name: "no whole number",
      call: () => topk(constant(0, [2, 3], "float32"), 1.5, { dim: 0 }),
      error: "ArgumentError",
      message: "topk: k must be an integer from 0 to 2, the size of dimension 0 of shape [2, 3]; got 1.5",
    },
    {
      name: "an axis that is not there",
      call: () => topk(constant(0, [2, 3], "float32"), 1, { dim: -3 }),
      error: "ShapeError",
      message: "topk: dimension -3 is out of range for a tensor of 2 dimensions; use -2 to 1",
    },
  ],
};
