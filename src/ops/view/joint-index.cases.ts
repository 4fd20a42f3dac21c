import { constant, hostSource } from "../../graph/build.ts";
import { type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { pickJointly } from "./joint-index.ts";

export const cases: OpCases = {
  op: "pickJointly",
  samples: [
    {
      name: "pairs, negative ones from the back",
      inputs: [uniform([5, 3]), values([4], [0, 4, -1, 0], "int32"), values([4], [2, -3, 1, 2], "int32")],
      run: (a, i, j) =>
        pickJointly(a, [
          { axis: 0, index: i },
          { axis: 1, index: j },
        ]),
      torch: "a[b.long(), c.long()]",
    },
    {
      name: "adjacent axes in the middle, broadcast",
      inputs: [uniform([2, 5, 3, 7]), values([2, 1], [4, 0], "int32"), values([3], [2, 0, 1], "int32")],
      run: (a, i, j) =>
        pickJointly(a, [
          { axis: 1, index: i },
          { axis: 2, index: j },
        ]),
      torch: "a[:, b.long(), c.long()]",
    },
    {
      name: "axes apart go in front",
      inputs: [uniform([5, 2, 3]), values([2], [4, 0], "int32"), values([2], [2, 0], "int32")],
      run: (a, i, j) =>
        pickJointly(a, [
          { axis: 0, index: i },
          { axis: 2, index: j },
        ]),
      torch: "a[b.long(), :, c.long()]",
    },
    {
      name: "one axis at the end",
      inputs: [uniform([2, 5]), values([3], [1, 1, 4], "int32")],
      run: (a, i) => pickJointly(a, [{ axis: 1, index: i }]),
      torch: "a[:, b.long()]",
    },
  ],
  bad: [
    {
      name: "out of range",
      call: () =>
        pickJointly(constant(0, [3], "float32"), [
          { axis: 0, index: hostSource(Int32Array.of(0, -4), [2], "int32") },
        ]),
      error: "ArgumentError",
      message: "index: position -4 is out of range for a dimension of size 3",
    },
  ],
};
