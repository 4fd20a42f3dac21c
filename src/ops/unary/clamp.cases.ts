import { constant, scalar } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { clamp } from "./clamp.ts";

const within = (x: Node): Node => clamp(x, scalar(-1, x.dtype), scalar(1, x.dtype));

export const cases: OpCases = {
  op: "clamp",
  samples: [
    ...elementwise(within, "torch.clamp(a, -1, 1)", (s) => away(s, -3, 3)),
    {
      name: "min only",
      inputs: [away([7], -3, 3)],
      run: (x) => clamp(x, scalar(-1, x.dtype), null),
      torch: "torch.clamp(a, min=-1)",
    },
    {
      name: "max only",
      inputs: [away([7], -3, 3)],
      run: (x) => clamp(x, null, scalar(1, x.dtype)),
      torch: "torch.clamp(a, max=1)",
    },
    {
      name: "at the bounds the gradient flows",
      inputs: [values([5], [-1, 1, 0, 2, -2])],
      run: within,
      torch: "torch.clamp(a, -1, 1)",
      kinks: true,
      firstOrderOnly: "kinks have none",
    },
    {
      name: "NaN stays",
      inputs: [fixed(values([3], [NaN, 5, 0]))],
      run: within,
      torch: "torch.clamp(a, -1, 1)",
    },
    {
      name: "tensors as bounds, with gradients",
      inputs: [uniform([3, 5], -3, 3), uniform([5], -1, -0.5), uniform([3, 1], 0.5, 1)],
      run: (x, low, high) => clamp(x, low, high),
      torch: "torch.clamp(a, b, c)",
    },
  ],
  bad: [
    {
      name: "no bound",
      call: () => clamp(constant(1, [2], "float32"), null, null),
      error: "ArgumentError",
      message: "clamp: give min, max or both, as in x.clamp({ min: 0 })",
    },
  ],
};
