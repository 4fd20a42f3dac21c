import { constant, hostSource } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type BadInput, fixed, integers, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { chunkSize, gatherAlong, indexSelect, scatterAddAlong, splitSizes } from "./pick.ts";

const x = (shape: readonly number[]): Node => constant(0, shape, "float32");
const index = (...list: number[]): Node => hostSource(Int32Array.from(list), [list.length], "int32");

function bad(message: string, error: BadInput["error"], call: () => unknown): BadInput {
  return { name: message.slice(0, 60), call, error, message };
}

export const cases: readonly OpCases[] = [
  {
    op: "gatherAlong",
    samples: [
      {
        name: "along 1",
        inputs: [uniform([3, 5]), integers([3, 7], 0, 5)],
        run: (a, i) => gatherAlong(a, 1, i),
        torch: "torch.gather(a, 1, b.long())",
      },
      {
        name: "along 0, an index smaller than the tensor",
        inputs: [uniform([5, 7, 3]), integers([2, 3, 3], 0, 5)],
        run: (a, i) => gatherAlong(a, 0, i),
        torch: "torch.gather(a, 0, b.long())",
      },
      {
        name: "int32",
        inputs: [integers([5], -9, 9), integers([7], 0, 5)],
        run: (a, i) => gatherAlong(a, 0, i),
        torch: "torch.gather(a, 0, b.long())",
      },
    ],
    bad: [
      bad('gather: the index must be int32, got float32; convert with .to("int32")', "DTypeError", () =>
        gatherAlong(x([3]), 0, x([3])),
      ),
      bad("gather: index 3 at position 1 is out of range; use 0 to 2", "ArgumentError", () =>
        gatherAlong(x([3]), 0, index(0, 3)),
      ),
      bad(
        "gather: index [2] does not fit [3, 3]: both need as many dimensions, and the index must not be larger except " +
          "along dimension 0",
        "ShapeError",
        () => gatherAlong(x([3, 3]), 0, index(0, 1)),
      ),
    ],
  },
  {
    op: "indexSelect",
    samples: [
      {
        name: "rows, some twice",
        inputs: [uniform([5, 3]), values([7], [4, 0, 0, 2, 4, 4, 1], "int32")],
        run: (a, i) => indexSelect(a, 0, i),
        torch: "torch.index_select(a, 0, b)",
      },
      {
        name: "columns",
        inputs: [uniform([2, 5, 3]), values([2], [4, 1], "int32")],
        run: (a, i) => indexSelect(a, -2, i),
        torch: "torch.index_select(a, -2, b)",
      },
    ],
    bad: [
      bad("indexSelect: the index needs 1 dimension, got [2, 2]", "ShapeError", () =>
        indexSelect(x([3]), 0, constant(0, [2, 2], "int32")),
      ),
      bad("indexSelect: index 9 at position 0 is out of range; use 0 to 2", "ArgumentError", () =>
        indexSelect(x([3]), 0, index(9)),
      ),
    ],
  },
  {
    op: "scatterAddAlong",
    samples: [
      {
        name: "along 0, places hit more than once",
        inputs: [uniform([5, 3]), integers([7, 3], 0, 5), uniform([7, 3])],
        run: (a, i, s) => scatterAddAlong(a, 0, i, s),
        torch: "torch.scatter_add(a, 0, b.long(), c)",
      },
      {
        name: "along 1, an index smaller than tensor and source",
        inputs: [uniform([5, 7]), integers([3, 4], 0, 7), uniform([4, 5])],
        run: (a, i, s) => scatterAddAlong(a, 1, i, s),
        torch: "torch.scatter_add(a, 1, b.long(), c[:3, :4])",
      },
      {
        name: "into zeros",
        inputs: [fixed(values([4], [0])), values([67], [0, 1, 1, 3], "int32"), uniform([67])],
        run: (a, i, s) => scatterAddAlong(a, 0, i, s),
        torch: "torch.scatter_add(a, 0, b.long(), c)",
      },
    ],
    bad: [
      bad("scatterAdd: index 3 at position 0 is out of range; use 0 to 2", "ArgumentError", () =>
        scatterAddAlong(x([3]), 0, index(3), x([1])),
      ),
      bad("scatterAdd: the source is int32, the tensor float32; convert with .to()", "DTypeError", () =>
        scatterAddAlong(x([3]), 0, index(0), index(1)),
      ),
      bad(
        "scatterAdd: index [2] does not fit tensor [3] and source [1]: all need as many dimensions, and the index must " +
          "not be larger than the source, nor than the tensor except along dimension 0",
        "ShapeError",
        () => scatterAddAlong(x([3]), 0, index(0, 1), x([1])),
      ),
    ],
  },
  {
    op: "splitSizes",
    samples: [],
    bad: [
      bad("split: the size of a piece must be an integer of 1 or more, got 0", "ArgumentError", () =>
        splitSizes([5], 0, 0),
      ),
      bad("split: sizes [2, 2] add up to 4, the dimension has 5", "ArgumentError", () =>
        splitSizes([5], [2, 2], 0),
      ),
    ],
  },
  {
    op: "chunkSize",
    samples: [],
    bad: [
      bad("chunk: the number of chunks must be an integer of 1 or more, got 0", "ArgumentError", () =>
        chunkSize([5], 0, 0),
      ),
    ],
  },
];
