import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { mul } from "../binary/mul.ts";
import { type BadInput, integers, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import * as shapes from "./shape-ops.ts";

function sample(shape: readonly number[], torch: string, run: (x: Node) => Node): Sample {
  return { name: `[${shape}] ${torch}`, inputs: [uniform(shape)], run, torch };
}

const x = (shape: readonly number[]): Node => constant(0, shape, "float32");

function bad(message: string, call: () => unknown, error: BadInput["error"] = "ShapeError"): BadInput {
  return { name: message.slice(0, 60), call, error, message };
}

export const cases: readonly OpCases[] = [
  {
    op: "reshape",
    samples: [
      sample([2, 3, 5], "a.reshape(5, 6)", (a) => shapes.reshape(a, [5, 6])),
      sample([2, 3, 5], "a.reshape(3, -1)", (a) => shapes.reshape(a, [3, -1])),
      sample([1], "a.reshape(())", (a) => shapes.reshape(a, [])),
      sample([], "a.reshape(1, 1)", (a) => shapes.reshape(a, [1, 1])),
      sample([3, 5, 2, 7], "a.permute(2, 0, 3, 1).reshape(7, 30)", (a) =>
        shapes.reshape(shapes.permute(a, [2, 0, 3, 1]), [7, 30]),
      ),
    ],
    bad: [
      bad("reshape: [2, 3] has 6 elements, which [4, 2] cannot hold", () =>
        shapes.reshape(x([2, 3]), [4, 2]),
      ),
      bad("reshape: [2, 3] has 6 elements, which [4, -1] cannot hold", () =>
        shapes.reshape(x([2, 3]), [4, -1]),
      ),
      bad("reshape: [-1, -1] has more than one -1", () => shapes.reshape(x([2, 3]), [-1, -1])),
      bad("reshape: [-2, -3] is not a shape; sizes must be integers of 0 or more", () =>
        shapes.reshape(x([2, 3]), [-2, -3]),
      ),
    ],
  },
  {
    op: "permute",
    samples: [
      sample([2, 3, 5], "a.permute(2, 0, 1)", (a) => shapes.permute(a, [2, 0, 1])),
      sample([2, 3, 5, 7], "a.permute(0, -1, 1, 2)", (a) => shapes.permute(a, [0, -1, 1, 2])),
      sample([], "a.clone()", (a) => shapes.permute(a, [])),
    ],
    bad: [
      bad("permute: [0, 0] must name each of the 2 dimensions of [2, 3] once", () =>
        shapes.permute(x([2, 3]), [0, 0]),
      ),
      bad("permute: [0] must name each of the 2 dimensions of [2, 3] once", () =>
        shapes.permute(x([2, 3]), [0]),
      ),
      bad("permute: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1", () =>
        shapes.permute(x([2, 3]), [0, 2]),
      ),
    ],
  },
  {
    op: "transpose",
    samples: [
      sample([3, 5], "a.transpose(0, 1)", (a) => shapes.transpose(a, 0, 1)),
      sample([2, 3, 5], "a.transpose(-1, 0)", (a) => shapes.transpose(a, -1, 0)),
    ],
    bad: [
      bad("transpose: dimension 3 is out of range for a tensor of 2 dimensions; use -2 to 1", () =>
        shapes.transpose(x([2, 3]), 0, 3),
      ),
    ],
  },
  {
    op: "squeeze",
    samples: [
      sample([1, 3, 1, 5], "a.squeeze()", (a) => shapes.squeeze(a)),
      sample([1, 3, 1, 5], "a.squeeze(2)", (a) => shapes.squeeze(a, 2)),
      sample([1, 3, 1, 5], "a.squeeze(1)", (a) => shapes.squeeze(a, 1)),
    ],
    bad: [
      bad("squeeze: dimension 2 is out of range for a tensor of 1 dimension; use -1 to 0", () =>
        shapes.squeeze(x([2]), 2),
      ),
    ],
  },
  {
    op: "unsqueeze",
    samples: [
      sample([3, 5], "a.unsqueeze(1)", (a) => shapes.unsqueeze(a, 1)),
      sample([3, 5], "a.unsqueeze(-1)", (a) => shapes.unsqueeze(a, -1)),
      sample([], "a.unsqueeze(0)", (a) => shapes.unsqueeze(a, 0)),
    ],
    bad: [
      bad("unsqueeze: dimension 3 is out of range for a tensor of 3 dimensions; use -3 to 2", () =>
        shapes.unsqueeze(x([2, 3]), 3),
      ),
    ],
  },
  {
    op: "expandTo",
    samples: [
      sample([3, 1], "a.expand(3, 5)", (a) => shapes.expandTo(a, [3, 5])),
      sample([3, 1], "a.expand(2, -1, 5)", (a) => shapes.expandTo(a, [2, -1, 5])),
      sample([], "a.expand(2, 3)", (a) => shapes.expandTo(a, [2, 3])),
      sample([1, 7, 1], "a.expand(5, 7, 3) * torch.arange(3)", (a) => {
        const wide = shapes.expandTo(a, [5, 7, 3]);
        const steps = shapes.concatenate(
          [0, 1, 2].map((v) => constant(v, [1], a.dtype)),
          0,
        );
        return mul(wide, steps);
      }),
    ],
    bad: [
      bad(
        "expand: [3, 2] cannot become [3, 5]: only dimensions of size 1 are repeated; use repeat to copy",
        () => shapes.expandTo(x([3, 2]), [3, 5]),
      ),
      bad(
        "expand: [3, 1] cannot become [5]: only dimensions of size 1 are repeated; use repeat to copy",
        () => shapes.expandTo(x([3, 1]), [5]),
      ),
    ],
  },
  {
    op: "repeat",
    samples: [
      sample([3], "a.repeat(2)", (a) => shapes.repeat(a, [2])),
      sample([2, 3], "a.repeat(5, 1, 2)", (a) => shapes.repeat(a, [5, 1, 2])),
    ],
    bad: [
      bad("repeat: [2] needs one count of 0 or more for each of the 2 dimensions of [2, 3]", () =>
        shapes.repeat(x([2, 3]), [2]),
      ),
    ],
  },
  {
    op: "flatten",
    samples: [
      sample([2, 3, 5], "a.flatten()", (a) => shapes.flatten(a)),
      sample([2, 3, 5], "a.flatten(1)", (a) => shapes.flatten(a, 1)),
      sample([2, 3, 5, 7], "a.flatten(1, -2)", (a) => shapes.flatten(a, 1, -2)),
      sample([], "a.flatten()", (a) => shapes.flatten(a)),
    ],
    bad: [bad("flatten: startDim 1 comes after endDim 0", () => shapes.flatten(x([2, 3]), 1, 0))],
  },
  {
    op: "unflatten",
    samples: [sample([3, 10], "a.unflatten(1, (2, -1))", (a) => shapes.unflatten(a, 1, [2, -1]))],
    bad: [
      bad("unflatten: [10] has 10 elements, which [3, -1] cannot hold", () =>
        shapes.unflatten(x([3, 10]), 1, [3, -1]),
      ),
    ],
  },
  {
    op: "narrow",
    samples: [
      sample([5, 7], "a.narrow(1, 2, 3)", (a) => shapes.narrow(a, 1, 2, 3)),
      sample([5, 7], "a.narrow(0, -2, 2)", (a) => shapes.narrow(a, 0, -2, 2)),
    ],
    bad: [
      bad("narrow: elements 5 to 8 (exclusive) are not in dimension 1 of size 7", () =>
        shapes.narrow(x([5, 7]), 1, 5, 3),
      ),
    ],
  },
  {
    op: "select",
    samples: [
      sample([5, 7], "a[:, 3]", (a) => shapes.select(a, 1, 3)),
      sample([5, 7], "a[-1]", (a) => shapes.select(a, 0, -1)),
      sample([3], "a[1]", (a) => shapes.select(a, 0, 1)),
    ],
    bad: [
      bad("select: index 5 is out of range for dimension 0 of size 5", () => shapes.select(x([5, 7]), 0, 5)),
    ],
  },
  {
    op: "sliceAlong",
    samples: [
      sample([11, 3], "a[2:9:3]", (a) => shapes.sliceAlong(a, 0, 2, 9, 3)),
      sample([3, 11], "a[:, ::2]", (a) => shapes.sliceAlong(a, 1, null, null, 2)),
      sample([3, 11], "a[:, -4:-1]", (a) => shapes.sliceAlong(a, 1, -4, -1)),
      sample([3, 11], "a[:, 9:99]", (a) => shapes.sliceAlong(a, 1, 9, 99)),
      sample([3, 11], "a[:, 10::5]", (a) => shapes.sliceAlong(a, 1, 10, null, 5)),
    ],
    bad: [
      bad(
        "slice: step must be an integer of 1 or more, got -1; use flip to go backwards",
        () => shapes.sliceAlong(x([5]), 0, null, null, -1),
        "ArgumentError",
      ),
    ],
  },
  {
    op: "flip",
    samples: [
      sample([3, 5], "a.flip([0])", (a) => shapes.flip(a, [0])),
      sample([2, 3, 5], "a.flip([0, -1])", (a) => shapes.flip(a, [0, -1])),
      sample([1, 3], "a.flip([0])", (a) => shapes.flip(a, [0])),
    ],
    bad: [
      bad("flip: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1", () =>
        shapes.flip(x([2, 3]), [2]),
      ),
    ],
  },
  {
    op: "roll",
    samples: [
      sample([7], "a.roll(2)", (a) => shapes.roll(a, 2)),
      sample([3, 5], "a.roll(-1, 0)", (a) => shapes.roll(a, -1, 0)),
      sample([3, 5], "a.roll((4, 7), (0, 1))", (a) => shapes.roll(a, [4, 7], [0, 1])),
      sample([3, 5], "a.roll(3)", (a) => shapes.roll(a, 3)),
    ],
    bad: [
      bad("roll: 2 shifts for 1 dims; give one each", () => shapes.roll(x([5]), [1, 2], 0), "ArgumentError"),
    ],
  },
  {
    op: "concatenate",
    samples: [
      {
        name: "along 0",
        inputs: [uniform([2, 3]), uniform([1, 3]), uniform([5, 3])],
        run: (...parts) => shapes.concatenate(parts, 0),
        torch: "torch.cat([a, b, c], 0)",
      },
      {
        name: "along the last, int32",
        inputs: [integers([2, 3], -9, 9), integers([2, 1], -9, 9)],
        run: (...parts) => shapes.concatenate(parts, 1),
        torch: "torch.cat([a, b], 1)",
      },
      {
        name: "one tensor twice, then reduced",
        inputs: [uniform([3, 2])],
        run: (a) => mul(shapes.concatenate([a, a], 1), constant(0.5, [3, 4], a.dtype)),
        torch: "torch.cat([a, a], 1) * 0.5",
      },
    ],
  },
];
