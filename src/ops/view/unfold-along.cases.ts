import { constant } from "../../graph/build.ts";
import { integers, type OpCases, type Sample, uniform } from "../op-cases.test-helper.ts";
import { unfoldAlong } from "./unfold-along.ts";

const x = constant(0, [3, 5], "float32");

function windows(shape: readonly number[], dim: number, size: number, step: number): Sample {
  return {
    name: `[${shape}] along ${dim}, size ${size}, step ${step}`,
    inputs: [uniform(shape)],
    run: (a) => unfoldAlong(a, dim, size, step),
    torch: `a.unfold(${dim}, ${size}, ${step})`,
  };
}

export const cases: OpCases = {
  op: "unfoldAlong",
  samples: [
    windows([7], 0, 3, 1),
    windows([7], 0, 3, 2),
    windows([7], -1, 2, 3),
    windows([7], 0, 7, 5),
    windows([3, 11], 0, 2, 1),
    windows([3, 11], 1, 4, 3),
    windows([2, 7, 3], 1, 1, 1),
    windows([2, 7, 3], -2, 3, 4),
    {
      name: "int32",
      inputs: [integers([2, 5], -9, 9)],
      run: (a) => unfoldAlong(a, 1, 2, 2),
      torch: "a.unfold(1, 2, 2)",
    },
  ],
  bad: [
    {
      name: "a window that does not fit",
      call: () => unfoldAlong(x, 1, 6, 1),
      error: "ShapeError",
      message: "unfold: windows of 6 elements do not fit dimension 1 of shape [3, 5]",
    },
    {
      name: "a step of 0",
      call: () => unfoldAlong(x, 1, 2, 0),
      error: "ArgumentError",
      message: "unfold: step must be an integer of 1 or more; got 0",
    },
    {
      name: "a size of a half",
      call: () => unfoldAlong(x, 1, 0.5, 1),
      error: "ArgumentError",
      message: "unfold: size must be an integer of 1 or more; got 0.5",
    },
    {
      name: "a scalar",
      call: () => unfoldAlong(constant(0, [], "float32"), 0, 1, 1),
      error: "ShapeError",
      message: "unfold: windows of 1 elements do not fit dimension 0 of shape []",
    },
  ],
};
