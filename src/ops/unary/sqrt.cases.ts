import { elementwise, fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { sqrt } from "./sqrt.ts";

export const cases: OpCases = {
  op: "sqrt",
  samples: [
    ...elementwise(sqrt, "torch.sqrt(a)", (s) => uniform(s, 0.1, 5)),
    {
      name: "special values",
      inputs: [fixed(values([3], [0, Infinity, -1]))],
      run: sqrt,
      torch: "torch.sqrt(a)",
    },
  ],
};
