import { constant, permute, unary } from "../../graph/build.ts";
import { bools, distinct, fixed, integers, type OpCases, values } from "../op-cases.test-helper.ts";
import { argExtreme, extreme, extremeAlong } from "./extreme.ts";
import { reductions } from "./reductions.test-helper.ts";

const one = [
  [3, 5],
  [2, 3, 7],
  [1, 5],
  [67, 2],
] as const;

export const cases: readonly OpCases[] = [
  {
    op: "extreme",
    samples: [
      ...reductions(
        (x, o) => extreme(x, "max", o),
        (axes) => `torch.amax(a${axes || ", ()"})`,
        distinct,
      ),
      {
        name: "min",
        inputs: [distinct([5, 7])],
        run: (x) => extreme(x, "min", { dim: 0 }),
        torch: "torch.amin(a, 0)",
      },
      {
        name: "ties share the gradient",
        inputs: [values([2, 5], [3, 1, 3, 2, 3, 0, 0, 0, 0, 0])],
        run: (x) => extreme(x, "max", { dim: 1 }),
        torch: "torch.amax(a, 1)",
        kinks: true,
        firstOrderOnly: "ties have none",
      },
      {
        name: "NaN wins",
        inputs: [fixed(values([3, 3], [1, NaN, 3, NaN, 1, 2, 1, 2, NaN]))],
        run: (x) => [extreme(x, "max", { dim: 1 }), extreme(x, "min", { dim: 1 })],
        torch: "(torch.amax(a, 1), torch.amin(a, 1))",
      },
      {
        name: "all are -Infinity",
        inputs: [fixed(values([3], [-Infinity]))],
        run: (x) => extreme(x, "max"),
        torch: "torch.amax(a)",
      },
      {
        name: "int32",
        inputs: [integers([5, 7], -99, 99)],
        run: (x) => extreme(x, "min"),
        torch: "torch.amin(a)",
      },
      {
        name: "bool",
        inputs: [bools([3, 2])],
        run: (x) => extreme(x, "max", { dim: 1 }),
        torch: "torch.amax(a, 1)",
      },
    ],
    bad: [
      {
        name: "nothing to choose from",
        call: () => extreme(constant(0, [0, 3], "float32"), "max"),
        error: "ShapeError",
        message: "max: a tensor of shape [0, 3] has no elements to choose from",
      },
    ],
  },
  {
    op: "argExtreme",
    samples: [
      ...one.flatMap((shape) =>
        ([...shape.keys(), undefined] as const).map((dim) => ({
          name: `[${shape}] over ${dim ?? "all"}`,
          inputs: [fixed(distinct(shape))],
          run: (x: Parameters<typeof argExtreme>[0]) => [
            argExtreme(x, "argmax", { dim }),
            argExtreme(x, "argmin", { dim }),
          ],
          torch: `(torch.argmax(a, ${dim ?? "None"}).int(), torch.argmin(a, ${dim ?? "None"}).int())`,
        })),
      ),
      {
        name: "the first of equal ones",
        inputs: [fixed(values([2, 7], [1, 3, 3, 1, 3, 0, 0]))],
        run: (x) => [argExtreme(x, "argmax", { dim: 1, keepdim: true }), argExtreme(x, "argmin", { dim: 1 })],
        torch: "(torch.tensor([[1], [1]]).int(), torch.tensor([5, 5]).int())",
      },
      {
        name: "the first of equal ones in logical order, whatever the order in memory",
        inputs: [fixed(values([1, 4, 1, 2], [-4, 6, 3, -1, -1, 3, 6, -4]))],
        run: (x) => [
          argExtreme(permute(x, [0, 3, 2, 1]), "argmax", {}),
          argExtreme(unary("neg", permute(x, [0, 3, 2, 1])), "argmin", {}),
        ],
        torch: "(torch.tensor(3).int(), torch.tensor(3).int())",
      },
      {
        name: "the first NaN",
        inputs: [fixed(values([5], [1, 5, NaN, 7, NaN]))],
        run: (x) => [argExtreme(x, "argmax", {}), argExtreme(x, "argmin", {})],
        torch: "(torch.tensor(2).int(), torch.tensor(2).int())",
      },
    ],
  },
  {
    op: "extremeAlong",
    samples: [
      ...one.map((shape) => ({
        name: `max [${shape}]`,
        inputs: [distinct(shape)],
        run: (x: Parameters<typeof extremeAlong>[0]) => {
          const { values: v, indices } = extremeAlong(x, "max", 1, false);
          return [v, indices];
        },
        torch: "(lambda r: (r[0], r[1].int()))(torch.max(a, 1))",
      })),
      {
        name: "min, kept",
        inputs: [distinct([5, 3])],
        run: (x) => {
          const { values: v, indices } = extremeAlong(x, "min", -2, true);
          return [v, indices];
        },
        torch: "(lambda r: (r[0], r[1].int()))(torch.min(a, -2, keepdim=True))",
      },
    ],
    bad: [
      {
        name: "dimension out of range",
        call: () => extremeAlong(constant(0, [3], "float32"), "min", 1, false),
        error: "ShapeError",
        message: "min: dimension 1 is out of range for a tensor of 1 dimension; use -1 to 0",
      },
    ],
  },
];
