import { elementwise, fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { sigmoid } from "./sigmoid.ts";

export const cases: OpCases = {
  op: "sigmoid",
  samples: [
    ...elementwise(sigmoid, "torch.sigmoid(a)", (s) => uniform(s, -6, 6)),
    {
      name: "special values",
      inputs: [fixed(values([3], [-200, 200, 0]))],
      run: sigmoid,
      torch: "torch.sigmoid(a)",
    },
  ],
};
