import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { selu } from "./selu.ts";

export const cases: OpCases = {
  op: "selu",
  samples: [
    ...elementwise(selu, "F.selu(a)", (s) => away(s, -4, 3)),
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -0, NaN, -Infinity, Infinity]))],
      run: selu,
      torch: "F.selu(a)",
    },
  ],
};
