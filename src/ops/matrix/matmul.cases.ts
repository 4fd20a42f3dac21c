import { constant } from "../../graph/build.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { matmul, matmulOfRank } from "./matmul.ts";

const shapes = [
  [
    [3, 5],
    [5, 7],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [
    [1, 7],
    [7, 1],
  ],
  [
    [7, 1],
    [1, 5],
  ],
  [[5], [5]],
  [[5], [5, 3]],
  [[3, 5], [5]],
  [
    [2, 3, 5],
    [5, 7],
  ],
  [
    [2, 3, 5],
    [2, 5, 7],
  ],
  [
    [2, 1, 3, 5],
    [3, 5, 2],
  ],
  [
    [3, 5],
    [2, 5, 7],
  ],
  [[2, 3, 5], [5]],
  [[5], [2, 5, 3]],
  [
    [1, 3, 5],
    [4, 5, 2],
  ],
  [
    [37, 67],
    [67, 41],
  ],
  [
    [17, 3],
    [3, 67],
  ],
  [
    [3, 257],
    [257, 17],
  ],
] as const;

const at = (shape: readonly number[]): ReturnType<typeof constant> => constant(0, shape, "float32");

export const cases: readonly OpCases[] = [
  {
    op: "matmul",
    samples: [
      ...shapes.map(([a, b]) => ({
        name: `[${a}] [${b}]`,
        inputs: [uniform(a), uniform(b)],
        run: matmul,
        torch: "torch.matmul(a, b)",
      })),
      {
        name: "of an operand with itself",
        inputs: [uniform([5, 5])],
        run: (a) => matmul(a, a),
        torch: "a @ a",
      },
    ],
    bad: [
      {
        name: "inner sizes",
        call: () => matmul(at([2, 3]), at([4, 5])),
        error: "ShapeError",
        message:
          "matmul: [2, 3] times [4, 5]: the last dimension of the first (3) must equal the second last dimension of " +
          "the second (4)",
      },
      {
        name: "inner sizes with a vector",
        call: () => matmul(at([2, 3]), at([4])),
        error: "ShapeError",
        message:
          "matmul: [2, 3] times [4]: the last dimension of the first (3) must equal the length of the second (4)",
      },
      {
        name: "scalar",
        call: () => matmul(at([]), at([4])),
        error: "ShapeError",
        message: "matmul: both operands need at least 1 dimension; use mul for scalars",
      },
      {
        name: "types",
        call: () => matmul(constant(0, [2, 2], "int32"), at([2, 2])),
        error: "DTypeError",
        message: "matmul: needs two float tensors of one type, got int32 and float32; convert with .to()",
      },
      {
        name: "batches",
        call: () => matmul(at([2, 3, 4]), at([3, 4, 5])),
        error: "ShapeError",
        message: /^matmul: shapes \[2\] and \[3\] do not broadcast/,
      },
    ],
  },
  {
    op: "matmulOfRank",
    samples: [
      {
        name: "batched",
        inputs: [uniform([3, 2, 5]), uniform([3, 5, 7])],
        run: (a, b) => matmulOfRank(a, b, 3, "bmm"),
        torch: "torch.bmm(a, b)",
      },
    ],
    bad: [
      {
        name: "rank",
        call: () => matmulOfRank(at([2, 3]), at([2, 3, 4]), 2, "mm"),
        error: "ShapeError",
        message: "mm: needs two tensors of 2 dimensions, got [2, 3] and [2, 3, 4]; use matmul to broadcast",
      },
      {
        name: "batch size",
        call: () => matmulOfRank(at([2, 3, 4]), at([1, 4, 4]), 3, "bmm"),
        error: "ShapeError",
        message:
          "bmm: needs two tensors of 3 dimensions and equal batch size, got [2, 3, 4] and [1, 4, 4]; use matmul to " +
          "broadcast",
      },
    ],
  },
];
