import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { hardswish } from "./hardswish.ts";

export const cases: OpCases = {
  op: "hardswish",
  samples: [
    ...elementwise(hardswish, "F.hardswish(a)", (s) => away(s, -6, 6, 3)),
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -3, 3, NaN, Infinity]))],
      run: hardswish,
      torch: "F.hardswish(a)",
    },
  ],
};
