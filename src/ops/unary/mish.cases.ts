import { elementwise, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { mish } from "./mish.ts";

export const cases: OpCases = {
  op: "mish",
  samples: [
    ...elementwise(mish, "F.mish(a)", (s) => uniform(s, -6, 6)),
    {
      name: "where naive forms overflow",
      inputs: [values([6], [19.5, 20.5, 44, 45, 90, 800])],
      run: mish,
      torch: "F.mish(a)",
    },
    {
      name: "far below zero, where naive forms cancel",
      inputs: [values([4], [-12, -20, -40, -80])],
      run: mish,
      torch: "F.mish(a)",
    },
    { name: "deep below zero", inputs: [values([2], [-200, -800])], run: mish, torch: "F.mish(a)" },
  ],
};
