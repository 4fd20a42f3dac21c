import { constant } from "../../graph/build.ts";
import { fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { logSoftmax, softmax } from "./softmax.ts";

const plans = [
  [[], 0],
  [[7], 0],
  [[3, 5], 1],
  [[3, 5], 0],
  [[2, 3, 5], -2],
  [[2, 1, 5], 1],
  [[2, 1031], 1],
] as const;

const pair = [
  { op: "softmax", run: softmax },
  { op: "logSoftmax", run: logSoftmax },
] as const;

export const cases: readonly OpCases[] = pair.map(({ op, run }) => {
  const torch = op === "softmax" ? "torch.softmax" : "torch.log_softmax";
  return {
    op,
    samples: [
      ...plans.map(([shape, dim]) => ({
        name: `[${shape}] over ${dim}`,
        inputs: [uniform(shape, -4, 4)],
        run: (x: Parameters<typeof softmax>[0]) => run(x, dim),
        torch: `${torch}(a, ${dim})`,
      })),
      {
        name: "large",
        inputs: [values([2, 3], [1000, 1001, 999, -1000, 0, -999])],
        run: (x) => run(x, 1),
        torch: `${torch}(a, 1)`,
      },
      {
        name: "-Infinity masks",
        inputs: [fixed(values([1, 3], [1, -Infinity, 2]))],
        run: (x) => run(x, 1),
        torch: `${torch}(a, 1)`,
      },
    ],
    bad: [
      {
        name: "dimension out of range",
        call: () => run(constant(0, [3], "float32"), 1),
        error: "ShapeError",
        message: `${op}: dimension 1 is out of range for a tensor of 1 dimension; use -1 to 0`,
      },
    ],
  };
});
