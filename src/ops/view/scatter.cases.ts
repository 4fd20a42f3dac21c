import { constant, hostSource } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { bools, fixed, integers, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { scatterAlong } from "./scatter.ts";

const x = (shape: readonly number[]): Node => constant(0, shape, "float32");
const index = (...list: number[]): Node => hostSource(Int32Array.from(list), [list.length], "int32");

export const cases: OpCases = {
  op: "scatterAlong",
  samples: [
    {
      name: "along 0, every place once",
      inputs: [uniform([5]), values([3], [4, 0, 2], "int32"), uniform([3])],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      name: "along 1, an index smaller than tensor and source",
      inputs: [uniform([5, 7]), values([3, 2], [1, 6, 0, 3, 2, 4], "int32"), uniform([4, 5])],
      run: (a, i, s) => scatterAlong(a, 1, i, s),
      torch: "torch.scatter(a, 1, b.long(), c[:3, :2])",
    },
    {
      name: "along -2 of three axes",
      inputs: [uniform([2, 5, 3]), values([2, 2, 3], [0, 1, 2, 3, 4, 0], "int32"), uniform([2, 2, 3])],
      run: (a, i, s) => scatterAlong(a, -2, i, s),
      torch: "torch.scatter(a, -2, b.long(), c)",
    },
    {
      name: "the last of equals wins",
      inputs: [uniform([5, 3]), integers([7, 3], 0, 3), fixed(uniform([7, 3]))],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      name: "the last of equals wins, also in a long index",
      inputs: [fixed(uniform([9])), integers([150], 0, 7), fixed(uniform([150]))],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      // What PyTorch gives elements that were overwritten is not their gradient; this says what is.
      name: "gradients flow to the last of equals only",
      inputs: [uniform([5]), values([4], [2, 0, 2, 2], "int32"), uniform([4])],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.stack([c[1], a[1], c[3], a[3], a[4]])",
    },
    {
      name: "NaN and infinities",
      inputs: [
        fixed(values([4], [NaN, 1, Infinity, 2])),
        values([2], [2, 1], "int32"),
        fixed(values([2], [-Infinity, NaN])),
      ],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      name: "one number",
      inputs: [uniform([3, 5]), values([3, 2], [0, 0, 4, 2, 1, 3], "int32")],
      run: (a, i) => scatterAlong(a, 1, i, constant(7, [], a.dtype)),
      torch: "torch.scatter(a, 1, b.long(), 7.0)",
    },
    {
      name: "labels as rows of one 1",
      inputs: [fixed(values([5, 4], [0])), integers([5, 1], 0, 4)],
      run: (a, i) => scatterAlong(a, 1, i, constant(1, [], a.dtype)),
      torch: "torch.scatter(a, 1, b.long(), 1.0)",
    },
    {
      name: "int32",
      inputs: [integers([5], -9, 9), values([2], [3, 1], "int32"), integers([2], -9, 9)],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      name: "bool",
      inputs: [bools([5]), values([2], [3, 1], "int32"), bools([2])],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c)",
    },
    {
      name: "nothing",
      inputs: [uniform([5]), values([0], [0], "int32"), uniform([2])],
      run: (a, i, s) => scatterAlong(a, 0, i, s),
      torch: "torch.scatter(a, 0, b.long(), c[:0])",
    },
  ],
  bad: [
    {
      name: "a position that is not there",
      call: () => scatterAlong(x([3]), 0, index(3), x([1])),
      error: "ArgumentError",
      message: "scatter: index 3 at position 0 is out of range; use 0 to 2",
    },
    {
      name: "a float index",
      call: () => scatterAlong(x([3]), 0, x([1]), x([1])),
      error: "DTypeError",
      message: 'scatter: the index must be int32, got float32; convert with .to("int32")',
    },
    {
      name: "a source of another type",
      call: () => scatterAlong(x([3]), 0, index(0), index(1)),
      error: "DTypeError",
      message: "scatter: the source is int32, the tensor float32; convert with .to()",
    },
    {
      name: "a source that is too small",
      call: () => scatterAlong(x([3]), 0, index(0, 1), x([1])),
      error: "ShapeError",
      message:
        "scatter: index [2] does not fit tensor [3] and source [1]: all need as many dimensions, and the index must " +
        "not be larger than the source, nor than the tensor except along dimension 0",
    },
    {
      name: "an axis that is not there",
      call: () => scatterAlong(x([3]), 1, index(0), x([1])),
      error: "ShapeError",
      message: "scatter: dimension 1 is out of range for a tensor of 1 dimension; use -1 to 0",
    },
  ],
};
